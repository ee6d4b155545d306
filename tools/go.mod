module github.com/weplanx/workflow/tools

go 1.26.0
