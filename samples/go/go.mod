module samples

go 1.21

require enclos.invalid/sdk v0.0.0

// `enclos go` finds the copy that it carries. This line is for editors, and for `go vet` in this repository.
replace enclos.invalid/sdk => ../../sdk/go
