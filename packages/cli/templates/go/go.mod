module greeter-app

go 1.21

// `enclos go` brings it: see README.md.
require enclos.invalid/sdk v0.0.0
