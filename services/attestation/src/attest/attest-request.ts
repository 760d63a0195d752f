/** Data of the caller that evidence binds. */
export interface BoundData {
  readonly data: Uint8Array;
  readonly type: 'Binary' | 'JSON';
}

/** An attest request after its JSON was read. */
export interface AttestRequest {
  readonly type: 'SgxEnclave' | 'OpenEnclave' | 'SevSnpVm' | 'TdxVm';
  /** Quote, Open Enclave report, or the SNP report document, decoded from base64url. It does not change until there is a token. */
  readonly evidence: Uint8Array;
  readonly runtimeData?: BoundData;
  readonly initTimeData?: BoundData;
  readonly nonce?: string;
  /** Policy text for this request alone: the token is then unsigned. */
  readonly draftPolicy?: string;
}
