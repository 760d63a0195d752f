import { fromHex } from '@enclos/codec';
import { keyRing, scenario, type SgxReportBody } from '@enclos/evidence-kit';

/** What the fake of Gramine stands for. Hex, since it goes through a variable. */
export interface FakeGramine {
  readonly body: {
    readonly mrEnclave: string;
    readonly mrSigner: string;
    readonly isvProdId: number;
    readonly isvSvn: number;
    readonly debug: boolean;
  };
  readonly attestationType: 'dcap' | 'none';
  /** By their names in Gramine: `_sgx_mrenclave`, `_sgx_mrsigner`. */
  readonly keys: Readonly<Record<string, string>>;
}

/** The keys of the machine, the same in each process of a test. */
const platformKeys = () => keyRing('an SGX machine with Gramine');

/** What verifies quotes of {@link gramineQuote}. */
export function graminePlatform(): Pick<ReturnType<typeof scenario>, 'collateral' | 'root' | 'at'> {
  return scenario({ keys: platformKeys() });
}

/** A genuine quote of the machine over report data, and the report body in it. */
export function gramineQuote(
  { mrEnclave, mrSigner, isvProdId, isvSvn, debug }: FakeGramine['body'],
  reportData: Uint8Array,
): { readonly quote: Uint8Array; readonly reportBody: SgxReportBody } {
  const reportBody: SgxReportBody = {
    cpuSvn: new Uint8Array(16).fill(5),
    miscSelect: 0,
    isvExtProdId: new Uint8Array(16),
    attributes: { flags: debug ? 7n : 5n, xfrm: 7n },
    mrEnclave: fromHex(mrEnclave),
    mrSigner: fromHex(mrSigner),
    configId: new Uint8Array(64),
    isvProdId,
    isvSvn,
    configSvn: 0,
    isvFamilyId: new Uint8Array(16),
    reportData,
  };
  return { quote: scenario({ keys: platformKeys(), report: reportBody }).quote, reportBody };
}
