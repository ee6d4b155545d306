module github.com/weplanx/workflow/worker

go 1.26.0
