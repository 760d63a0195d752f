/** A place that collateral comes from. */
export interface CollateralSource {
  /** For people: the path, or the address. */
  readonly name: string;
  /**
   * Reads what is there now. The bytes are not checked yet.
   * @param root fingerprint of the root that the collateral must lead to
   * @returns candidates, of which at most one is for this machine; undefined when nothing changed since the last call
   * @throws AGENT_COLLATERAL_UNREACHABLE, AGENT_COLLATERAL_REFUSED
   */
  read(root: string): Promise<readonly CollateralText[] | undefined>;
  /** When to read next. */
  readonly pace: 'watch' | 'fetch';
}

export interface CollateralText {
  /** For people: which file, or which address. */
  readonly name: string;
  readonly text: string;
}

/** Ours has 10 KiB; a vendor with many revocations has more. */
export const maxCollateralBytes = 1024 * 1024;
