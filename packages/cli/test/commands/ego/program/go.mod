module example.com/egolike

go 1.21
