module github.com/weplanx/workflow/schedule

go 1.26.0
