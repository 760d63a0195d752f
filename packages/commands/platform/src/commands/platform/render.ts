import { markOf, renderFacts } from '@enclos/cli-frame/output';
import type { Printer } from '@enclos/command-line';
import type { PlatformFacts } from './platform.ts';

/** A vendor and a machine, as far as they are there. */
export function renderPlatform({ vendor, certified, machine }: PlatformFacts, printer: Printer): void {
  if (vendor !== undefined) {
    printer.line(`${printer.paint('bold', 'Vendor')} ${vendor.folder}`);
    renderFacts(
      [
        ['root fingerprint', vendor.rootFingerprint],
        ['collateral at', vendor.collateralUrl],
        ['FMSPC', vendor.fmspc],
        ['TCB evaluation', String(vendor.tcbEvaluationDataNumber ?? 'none')],
        ['documents until', vendor.documentsUntil ?? 'to be issued again'],
        ['revoked PCKs', String(vendor.revoked)],
      ],
      printer,
    );
  }
  if (certified !== undefined) {
    printer.line(printer.paint('bold', 'Certified'));
    renderFacts(
      [
        ['PPID', certified.ppid],
        ['separation', certified.separation],
        ['CPUSVN', certified.cpuSvn],
        ['PCESVN', String(certified.pceSvn)],
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
        ['root fingerprint', machine.rootFingerprint ?? 'none yet'],
      ],
      printer,
    );
    if (!machine.enrolled) {
      printer.line(`${markOf('warning', printer)} Not enrolled for its CPUSVN: run \`enclos platform enrol\`.`);
    }
  }
}
