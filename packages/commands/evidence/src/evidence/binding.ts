/** Says what a policy needs when nothing ties the evidence to its use. */
export const bindingWanted =
  '--policy needs one binding: --report-data HEX, or --purpose TEXT --nonce HEX [--key HEX], or --unbound REASON; for a vTPM --nonce HEX alone will do.';
