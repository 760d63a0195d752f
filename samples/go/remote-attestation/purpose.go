// Package remoteattestation is what server and client of this sample agree on.
package remoteattestation

// Purpose is what the evidence is for. Evidence for anything else is refused.
const Purpose = "samples.remote-attestation.v1"
