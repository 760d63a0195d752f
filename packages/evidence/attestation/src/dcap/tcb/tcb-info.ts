import { EnclosError } from '@enclos/errors';
import { JsonFields } from '../../json/json-fields.ts';
import { parseJson } from '../../json/json.ts';
import { maximumBodyLength } from './signed-body.ts';
import { platformStatuses, type QuoteStatus } from './tcb-status.ts';
import { readTdxModule, readTdxModuleIdentities, type TdxModules } from './tdx-module.ts';

const componentCount = 16;
const maximumLevels = 256;

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
  const fields = new JsonFields(parseJson(body, maximumBodyLength), 'tcbInfo');
  const version = fields.integer('version', 255);
  if (version !== 2 && version !== 3) throw invalid('version is neither 2 nor 3');
  const tee = version === 2 ? 'SGX' : fields.string('id', 8);
  if (tee !== 'SGX' && tee !== 'TDX') throw invalid('id is neither SGX nor TDX');
  if (fields.integer('tcbType', 255) !== 0) throw invalid('tcbType is not 0');
  if (tee === 'SGX' && (fields.has('tdxModule') || fields.has('tdxModuleIdentities'))) {
    throw invalid('a TDX module is described for SGX');
  }
  const readLevel = version === 2 ? readLevelV2 : (level: JsonFields) => readLevelV3(level, tee === 'TDX');
  return Object.freeze({
    tee,
    version,
    issueDate: fields.date('issueDate'),
    nextUpdate: fields.date('nextUpdate'),
    fmspc: fields.hex('fmspc', 6),
    pceId: fields.hex('pceId', 2),
    tcbEvaluationDataNumber: fields.integer('tcbEvaluationDataNumber', 0xffff_ffff),
    ...(tee === 'TDX' ? { tdxModule: readTdxModule(fields.object('tdxModule')) } : {}),
    tdxModuleIdentities: readTdxModuleIdentities(fields),
    tcbLevels: sorted(fields.objects('tcbLevels', 1, maximumLevels).map(readLevel)),
  });
}

function readLevelV2(level: JsonFields): TcbLevel {
  const tcb = level.object('tcb');
  const components = Array.from({ length: componentCount }, (_, index) =>
    Object.freeze({ svn: tcb.integer(`sgxtcbcomp${String(index + 1).padStart(2, '0')}svn`, 255) }),
  );
  return Object.freeze({ components: Object.freeze(components), tdxComponents: [], ...readCommon(level, tcb) });
}

function readLevelV3(level: JsonFields, isTdx: boolean): TcbLevel {
  const tcb = level.object('tcb');
  return Object.freeze({
    components: readComponents(tcb, 'sgxtcbcomponents'),
    tdxComponents: isTdx ? readComponents(tcb, 'tdxtcbcomponents') : [],
    ...readCommon(level, tcb),
  });
}

function readCommon(
  level: JsonFields,
  tcb: JsonFields,
): Pick<TcbLevel, 'pceSvn' | 'tcbDate' | 'status' | 'advisoryIds'> {
  const tcbStatus = level.string('tcbStatus', 64);
  if (!isPlatformStatus(tcbStatus)) throw invalid('tcbStatus is not a status of a platform');
  return {
    pceSvn: tcb.integer('pcesvn', 65_535),
    tcbDate: level.date('tcbDate'),
    status: platformStatuses[tcbStatus],
    advisoryIds: level.optionalStrings('advisoryIDs', 256, 64),
  };
}

function readComponents(tcb: JsonFields, name: string): readonly TcbComponent[] {
  const components = tcb.objects(name, componentCount, componentCount).map((component) => {
    const category = component.optionalString('category', 128);
    const type = component.optionalString('type', 128);
    return Object.freeze({
      svn: component.integer('svn', 255),
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
