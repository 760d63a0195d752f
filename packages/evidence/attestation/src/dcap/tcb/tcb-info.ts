import { EnclosError } from '@enclos/errors';
import { hex, integer, isoDate, JsonRecord, parseJson, string } from '@enclos/codec/json';
import { advisoryIds, none, statusName } from './enclave-levels.ts';
import { maximumBodyLength } from './signed-body.ts';
import { platformStatuses, type QuoteStatus } from './tcb-status.ts';
import { readTdxModule, readTdxModuleIdentities, type TdxModules } from './tdx-module.ts';

const componentCount = 16;
const maximumLevels = 256;
const anSvn = integer(0, 255);
const pceSvn = integer(0, 65_535);
const label = string(128);

/** One security version of a platform. */
export interface TcbComponent {
  readonly svn: number;
  /** For people: "BIOS", "OS/VMM". Version 3 only. */
  readonly category?: string;
  /** For people: "Early Microcode Update". Version 3 only. */
  readonly type?: string;
}

export interface TcbLevel {
  /** 16 of them. */
  readonly components: readonly TcbComponent[];
  /** 16 of them, in TCB info of TDX only. */
  readonly tdxComponents: readonly TcbComponent[];
  readonly pceSvn: number;
  /** 2024-03-13T00:00:00Z */
  readonly tcbDate: string;
  readonly status: QuoteStatus;
  readonly advisoryIds: readonly string[];
}

/** Intel's TCB info, version 3, or version 2 for SGX. Hex is lower case, dates are as in the JSON. */
export interface TcbInfo extends TdxModules {
  readonly tee: 'SGX' | 'TDX';
  readonly version: 2 | 3;
  readonly issueDate: string;
  readonly nextUpdate: string;
  /** 6 bytes of hex. */
  readonly fmspc: string;
  /** 2 bytes of hex. */
  readonly pceId: string;
  readonly tcbEvaluationDataNumber: number;
  /** The highest first. */
  readonly tcbLevels: readonly TcbLevel[];
}

/**
 * Parses the body of a TCB info (Intel PCS API v4, "Get TCB Info"). Members
 * that are not known are ignored: the signature covers them, and Intel adds some.
 *
 * @throws CODEC_TRUNCATED for a missing member, else another CODEC error.
 */
export function parseTcbInfo(body: string): TcbInfo {
  const fields = new JsonRecord(parseJson(body, maximumBodyLength), 'tcbInfo');
  const version = fields.required('version', integer(0, 255));
  if (version !== 2 && version !== 3) throw invalid('version is neither 2 nor 3');
  const tee = version === 2 ? 'SGX' : fields.required('id', string(8));
  if (tee !== 'SGX' && tee !== 'TDX') throw invalid('id is neither SGX nor TDX');
  if (fields.required('tcbType', integer(0, 255)) !== 0) throw invalid('tcbType is not 0');
  if (tee === 'SGX' && (fields.has('tdxModule') || fields.has('tdxModuleIdentities'))) {
    throw invalid('a TDX module is described for SGX');
  }
  const readLevel = version === 2 ? readLevelV2 : (level: JsonRecord) => readLevelV3(level, tee === 'TDX');
  return Object.freeze({
    tee,
    version,
    issueDate: fields.required('issueDate', isoDate),
    nextUpdate: fields.required('nextUpdate', isoDate),
    fmspc: fields.required('fmspc', hex(6)),
    pceId: fields.required('pceId', hex(2)),
    tcbEvaluationDataNumber: fields.required('tcbEvaluationDataNumber', integer(0, 0xffff_ffff)),
    ...(tee === 'TDX' ? { tdxModule: readTdxModule(fields.record('tdxModule')) } : {}),
    tdxModuleIdentities: readTdxModuleIdentities(fields),
    tcbLevels: sorted(fields.records('tcbLevels', 1, maximumLevels).map(readLevel)),
  });
}

function readLevelV2(level: JsonRecord): TcbLevel {
  const tcb = level.record('tcb');
  const components = Array.from({ length: componentCount }, (_, index) =>
    Object.freeze({ svn: tcb.required(`sgxtcbcomp${String(index + 1).padStart(2, '0')}svn`, anSvn) }),
  );
  return Object.freeze({ components: Object.freeze(components), tdxComponents: [], ...readCommon(level, tcb) });
}

function readLevelV3(level: JsonRecord, isTdx: boolean): TcbLevel {
  const tcb = level.record('tcb');
  return Object.freeze({
    components: readComponents(tcb, 'sgxtcbcomponents'),
    tdxComponents: isTdx ? readComponents(tcb, 'tdxtcbcomponents') : [],
    ...readCommon(level, tcb),
  });
}

function readCommon(
  level: JsonRecord,
  tcb: JsonRecord,
): Pick<TcbLevel, 'pceSvn' | 'tcbDate' | 'status' | 'advisoryIds'> {
  const tcbStatus = level.required('tcbStatus', statusName);
  if (!isPlatformStatus(tcbStatus)) throw invalid('tcbStatus is not a status of a platform');
  return {
    pceSvn: tcb.required('pcesvn', pceSvn),
    tcbDate: level.required('tcbDate', isoDate),
    status: platformStatuses[tcbStatus],
    advisoryIds: level.optional('advisoryIDs', advisoryIds) ?? none,
  };
}

function readComponents(tcb: JsonRecord, name: string): readonly TcbComponent[] {
  const components = tcb.records(name, componentCount, componentCount).map((component) => {
    const category = component.optional('category', label);
    const type = component.optional('type', label);
    return Object.freeze({
      svn: component.required('svn', anSvn),
      ...(category === undefined ? {} : { category }),
      ...(type === undefined ? {} : { type }),
    });
  });
  return Object.freeze(components);
}

/** QVL keeps the levels in descending order and refuses two that are equal. */
function sorted(levels: readonly TcbLevel[]): readonly TcbLevel[] {
  const keyed = levels.map((level) => ({ level, key: sortKey(level) })).sort((a, b) => compare(b.key, a.key));
  for (const [index, { key }] of keyed.entries()) {
    const previous = keyed[index - 1];
    if (previous !== undefined && compare(previous.key, key) === 0) throw invalid('two TCB levels are equal');
  }
  return Object.freeze(keyed.map(({ level }) => level));
}

function sortKey(level: TcbLevel): readonly number[] {
  return [...level.components.map(({ svn }) => svn), level.pceSvn, ...level.tdxComponents.map(({ svn }) => svn)];
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [index, value] of a.entries()) {
    const difference = value - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function isPlatformStatus(status: string): status is keyof typeof platformStatuses {
  return Object.hasOwn(platformStatuses, status);
}

function invalid(what: string): EnclosError {
  return new EnclosError('CODEC_INVALID', `TCB info: ${what}.`);
}
