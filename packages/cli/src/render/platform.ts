import type { PlatformFacts } from '../actions/platform.ts';
import type { Printer } from './printer.ts';
import { markOf, renderFacts } from './table.ts';

/** A vendor and a machine, as far as they are there. */
export function renderPlatform({ vendor, machine }: PlatformFacts, printer: Printer): void {
  if (vendor !== undefined) {
    printer.line(`${printer.paint('bold', 'Vendor')} ${vendor.folder}`);
    renderFacts(
      [
        ['root fingerprint', vendor.rootFingerprint],
        ['collateral at', vendor.collateralUrl],
        ['FMSPC', vendor.fmspc],
        ['TCB evaluation', String(vendor.tcbEvaluationDataNumber ?? 'none')],
        ['documents until', vendor.documentsUntil],
        ['revoked machines', String(vendor.revoked)],
      ],
      printer,
    );
  }
  if (machine !== undefined) {
    printer.line(`${printer.paint('bold', 'Machine')} ${machine.folder}`);
    renderFacts(
      [
        ['separation', machine.separation],
        ['PPID', machine.ppid],
        ['CPUSVN', machine.cpuSvn],
        ['PCESVN', String(machine.pceSvn)],
        ['enrolled', machine.enrolled ? 'yes' : 'no'],
      ],
      printer,
    );
    if (!machine.enrolled) {
      printer.line(`${markOf('warning', printer)} Not enrolled for its CPUSVN: run \`enclos platform enrol\`.`);
    }
  }
}
