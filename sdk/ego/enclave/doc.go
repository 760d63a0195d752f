// Package enclave is what a program of EGo does inside an enclave of Enclos: it proves its identity, derives keys, and makes TLS
// configurations that hold or verify such proofs. Its functions have the names and the forms of EGo's, so a program needs no change.
//
// Outside an enclave every function that needs one fails with OE_UNSUPPORTED; none gives a key or a report that is not one.
// docs/reference/ego-api.md says what differs from EGo.
package enclave
