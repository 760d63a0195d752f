module github.com/edgelesssys/ego

go 1.21

require enclos.invalid/sdk v0.0.0

replace enclos.invalid/sdk => ../go
