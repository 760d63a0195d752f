module enclos.invalid/sdk

go 1.21
