import { JsonRecord, string, type JsonValue } from '@enclos/codec/json';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { isNotFound, type ApiClient } from '@enclos/service/cluster';
import { deviceIndex, driverName } from './driver.ts';
import type { ClaimReference } from './messages.ts';

/** A device of this driver that a claim got, and for what. */
export interface ClaimDevice {
  /** The request of the claim. */
  readonly request: string;
  /** Its number among the devices of claims of this node. */
  readonly device: number;
}

/** A claim and the devices that the scheduler gave it on this node. */
export interface AllocatedClaim extends ClaimReference {
  readonly devices: readonly ClaimDevice[];
}

export interface ClaimReaderOptions {
  readonly client: ApiClient;
  /** The pool of this node has its name. */
  readonly node: string;
  readonly count: number;
}

/** What the API server allows in one claim (AllocationResultsMaxSize of resource.k8s.io/v1). */
const maxResults = 32;
/** The longest name of an object (RFC 1123, subdomains). */
const nameBytes = 253;

/** Namespaces are labels and names subdomains of DNS (RFC 1123): safe in a path, which they are made part of. */
const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const subdomain = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
const identifier = /^[A-Za-z0-9][-A-Za-z0-9]{0,63}$/;

/** Checks what the kubelet names: it becomes part of paths. @throws AGENT_CLAIM_REFUSED */
export function requireReference({ namespace, uid, name }: ClaimReference): void {
  if (identifier.test(uid) && label.test(namespace) && subdomain.test(name)) return;
  throw refused('The kubelet named a claim by something that is not the name of an object.');
}

/**
 * Asks the API server what a claim got. The kubelet says only which claim it is.
 * @throws AGENT_CLAIM_REFUSED, SERVICE_CLUSTER_REFUSED, SERVICE_CLUSTER_UNREACHABLE
 */
export async function readClaim(reference: ClaimReference, options: ClaimReaderOptions): Promise<AllocatedClaim> {
  const { namespace, uid, name } = reference;
  const path = `/apis/resource.k8s.io/v1/namespaces/${namespace}/resourceclaims/${name}`;
  const object = await options.client.call({ method: 'GET', path });
  try {
    const claim = new JsonRecord(object as JsonValue, 'claim');
    if (claim.record('metadata').required('uid', string(64)) !== uid) {
      throw refused(`The claim ${namespace}/${name} was deleted and made again.`);
    }
    const status = claim.record('status');
    if (!status.has('allocation')) throw refused(`The claim ${namespace}/${name} has no devices yet.`);
    const results = status.record('allocation').record('devices').records('results', 0, maxResults);
    const own = results.filter((result) => result.required('driver', string(nameBytes)) === driverName);
    const devices = own.map((result) => deviceOf(result, options));
    if (devices.length === 0) throw refused(`The claim ${namespace}/${name} has no device of ${driverName}.`);
    requireOneEach(devices);
    return Object.freeze({ namespace, uid, name, devices: Object.freeze(devices) });
  } catch (error) {
    if (!isEnclosError(error, 'CODEC_INVALID') && !isEnclosError(error, 'CODEC_TRUNCATED')) throw error;
    throw new EnclosError('AGENT_CLAIM_REFUSED', `The object of the claim ${namespace}/${name} cannot be read.`, {
      cause: error,
    });
  }
}

/** Whether a claim that was prepared once may be forgotten: its object is gone, is another one, or has lost its devices. */
export async function isGone(reference: ClaimReference, options: ClaimReaderOptions): Promise<boolean> {
  try {
    await readClaim(reference, options);
    return false;
  } catch (error) {
    if (isEnclosError(error, 'AGENT_CLAIM_REFUSED') || isNotFound(error)) return true;
    throw error;
  }
}

function deviceOf(result: JsonRecord, { node, count }: ClaimReaderOptions): ClaimDevice {
  if (result.required('pool', string(nameBytes)) !== node) throw refused('The claim has a device of another node.');
  // It would share the device with the claim that has it, and so its enclaves.
  if (result.has('adminAccess')) throw refused('A claim cannot have administrative access to a software device.');
  if (result.has('shareID')) throw refused('A software device cannot be shared between claims.');
  const name = result.required('device', string(nameBytes));
  const device = deviceIndex(name, count);
  if (device === undefined) throw refused('The claim has a device that this node does not have.');
  // `REQUEST/SUBREQUEST` for one of several alternatives; containers name the request.
  const [request = ''] = result.required('request', string(2 * nameBytes)).split('/');
  return Object.freeze({ request, device });
}

/** Both devices of a request would be mounted at the same path. */
function requireOneEach(devices: readonly ClaimDevice[]): void {
  if (new Set(devices.map(({ request }) => request)).size !== devices.length) {
    throw refused('A request of a claim can have one software device: `count` has to be 1.');
  }
  if (new Set(devices.map(({ device }) => device)).size !== devices.length) {
    throw refused('The claim has one device twice.');
  }
}

export function refused(message: string): EnclosError {
  return new EnclosError('AGENT_CLAIM_REFUSED', message);
}
