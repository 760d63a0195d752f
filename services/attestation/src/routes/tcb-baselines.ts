import type { AttestationType } from '../configuration/configuration.ts';
import type { Answer } from '@enclos/service/routes';
import type { Call } from './call.ts';

interface TcbBaseline {
  readonly tcbIdentifier: string;
  readonly tcbEvaluationDataNumber?: number;
  readonly tcbReleaseDate?: string;
  readonly minimumPswLinuxVersion?: string;
  readonly minimumPswWindowsVersion?: string;
}

function known(number: number, date: string, [linux, windows]: readonly [string, string]): TcbBaseline {
  return {
    tcbIdentifier: String(number),
    tcbEvaluationDataNumber: number,
    tcbReleaseDate: `${date}T00:00:00`,
    minimumPswLinuxVersion: linux,
    minimumPswWindowsVersion: windows,
  };
}

/** What Azure publishes of SGX: dates of Intel's TCB recoveries, and the platform software that each needs. */
const publishedSgx: readonly TcbBaseline[] = Object.freeze([
  known(15, '2023-02-14', ['2.17', '2.16']),
  known(14, '2022-11-08', ['2.17', '2.16']),
  known(13, '2022-08-09', ['2.17', '2.16']),
  known(12, '2021-11-10', ['2.13.3', '2.13.100.2']),
  known(11, '2021-06-08', ['2.13.3', '2.13.100.2']),
  known(10, '2020-11-10', ['2.9', '2.7.101.2']),
]);

/** Baselines are Intel's: types that its quotes attest. */
const intel: ReadonlySet<AttestationType> = new Set(['SgxEnclave', 'OpenEnclave', 'TdxVm']);

/** GET /tcbbaselines/{type}: those that are known by number, and which one the tenant's configuration selects. */
export function tcbBaselines({ tenant, type }: Call): Promise<Answer> {
  if (!intel.has(type)) return Promise.resolve({ body: { tcbBaselines: [] } });
  const { evaluationDataNumber: number, update = 'standard' } = tenant.configuration.baseline;
  const selected = number === undefined ? update : String(number);
  const published = type === 'TdxVm' ? [] : publishedSgx;
  const own: TcbBaseline = {
    tcbIdentifier: selected,
    ...(number === undefined ? {} : { tcbEvaluationDataNumber: number }),
  };
  const list = published.some(({ tcbIdentifier }) => tcbIdentifier === selected) ? published : [own, ...published];
  const body = list.map((one) => ({ ...one, isSelectedTcb: one.tcbIdentifier === selected }));
  return Promise.resolve({ body: { tcbBaselines: body } });
}
