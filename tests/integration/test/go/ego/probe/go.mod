module server

go 1.18

require (
	enclos.invalid/sdk v0.0.0
	github.com/edgelesssys/ego v1.4.3
)

require (
	golang.org/x/crypto v0.19.0 // indirect
	gopkg.in/square/go-jose.v2 v2.6.0 // indirect
)
