module github.com/weplanx/workflow/e2e

go 1.26.0
