import { addressFamily, parseNetwork } from '../forms/addresses.ts';
import { isSchedule } from '../forms/cron.ts';
import {
  isDataKey,
  isDomainPath,
  isFullyQualified,
  isLabelName,
  isPathSegment,
  isPortName,
  isQualifiedName,
  isServiceName,
  isSubdomainName,
  isVariableName,
  isWildcardDomain,
  percentOf,
} from '../forms/names.ts';
import { hasBackstep } from '../forms/paths.ts';
import { isTimeZone } from '../forms/time-zone.ts';
import type { TextForm } from '../schema/value-rules.ts';
import type { ScalarNode } from '../yaml/node.ts';

export interface Form {
  /** What the value must be, for a sentence. */
  readonly wanted: string;
  readonly fits: (value: ScalarNode['value']) => boolean;
}

/** Values of another type have been reported as such. */
const ofText = (wanted: string, fits: (text: string) => boolean): Form => ({
  wanted,
  fits: (value) => typeof value !== 'string' || fits(value),
});

const portForm = (least: number): Form => ({
  wanted:
    'a port from 1 to 65535, or the name of one: at most 15 lower-case letters, digits and hyphens, with a letter',
  fits: (value) =>
    typeof value === 'number' ? value >= least && value <= 65_535 : typeof value !== 'string' || isPortName(value),
});

const percentForm = (most: number, wanted: string): Form => ({
  wanted,
  fits: (value) => {
    if (typeof value === 'number') return value >= 0;
    if (typeof value !== 'string') return true;
    const percent = percentOf(value);
    return percent !== undefined && percent <= most;
  },
});

const subdomain = ofText(
  'at most 253 lower-case letters, digits, hyphens and dots, with a letter or digit at both ends of each part',
  isSubdomainName,
);

/** A path below a folder: it neither begins with a slash nor leads out. */
const isRelative = (text: string): boolean => !text.startsWith('/') && !hasBackstep(text);

/** The forms of single values that the table of values names. */
export const forms: Readonly<Record<TextForm, Form>> = {
  label: ofText('at most 63 lower-case letters, digits and hyphens, with a letter or digit at both ends', isLabelName),
  'service-name': ofText(
    'at most 63 lower-case letters, digits and hyphens, with a letter first and a letter or digit at the end',
    isServiceName,
  ),
  subdomain,
  qualified: ofText(
    'a name of at most 63 letters, digits, "-", "_" and ".", which a domain and "/" may precede',
    isQualifiedName,
  ),
  'lower-qualified': ofText(
    'a name of at most 63 letters, digits, "-", "_" and ".", which a domain and "/" may precede',
    (text) => isQualifiedName(text.toLowerCase()),
  ),
  'path-segment': ofText('a name without "/" and "%"', isPathSegment),
  'domain-path': ofText('a domain, "/" and a name, such as example.com/controller', isDomainPath),
  'fully-qualified': ofText('a domain of three parts or more, such as pods.example.com', isFullyQualified),
  host: ofText('a domain name, which may begin with "*."', (text) =>
    text.includes('*') ? isWildcardDomain(text) : isSubdomainName(text) && addressFamily(text) === undefined,
  ),
  port: portForm(1),
  // Zero is taken for none.
  'target-port': portForm(0),
  'port-name': ofText('at most 15 lower-case letters, digits and hyphens, with a letter', isPortName),
  variable: ofText('printable characters without "="', isVariableName),
  key: ofText('a key of at most 253 letters, digits, "-", "_" and "."', isDataKey),
  percent: percentForm(Number.MAX_SAFE_INTEGER, 'a whole number, or a percentage such as "25%"'),
  'part-percent': percentForm(100, 'a whole number, or a percentage of at most "100%"'),
  address: ofText('an IP address, such as 10.9.8.7 or 2001:db8::1', (text) => addressFamily(text) !== undefined),
  network: ofText('a network with its prefix, such as 10.9.8.0/24', (text) => parseNetwork(text) !== undefined),
  'any-path': ofText('a path without ".."', (text) => !hasBackstep(text)),
  'absolute-path': ofText('a path that begins with "/"', (text) => text.startsWith('/')),
  'relative-path': ofText('a path that does not begin with "/", without ".."', isRelative),
  'file-path': ofText(
    'a path that does not begin with "/" or "..", without ".."',
    (text) => isRelative(text) && !text.startsWith('..'),
  ),
  'profile-path': ofText(
    'the name of a profile, without spaces around it',
    (text) => text.trim() === text && text.length <= 4095,
  ),
  header: ofText('letters, digits and hyphens', (text) => /^[-A-Za-z0-9]+$/.test(text)),
  sysctl: ofText(
    'a sysctl such as kernel.shm_rmid_forced',
    (text) => text.length <= 253 && text.split(/[./]/).every((part) => /^[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?$/.test(part)),
  ),
  driver: ofText(
    'the name of a driver: a domain of at most 63 characters',
    (text) => text.length <= 63 && isSubdomainName(text.toLowerCase()),
  ),
  schedule: ofText('a schedule of five fields, such as "0 3 * * 1", without a time zone', isSchedule),
  'time-zone': ofText('a time zone of the IANA database, such as Europe/Berlin', isTimeZone),
  'search-domain': ofText(
    'a domain',
    (text) => text === '.' || isSubdomainName(text.replace(/\.$/, '').replaceAll('_', 'a')),
  ),
};
