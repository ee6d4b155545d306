module github.com/weplanx/workflow/shared

go 1.26.0
