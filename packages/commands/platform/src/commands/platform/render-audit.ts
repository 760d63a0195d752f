import { markOf, renderFacts } from '@enclos/cli-frame/output';
import type { AuditSummary } from '@enclos/software-sgx';
import { grouped, type Printer } from '@enclos/command-line';

/** What the chain of an audit log shows. A log that lost records gets no check mark. */
export function renderAuditSummary(summary: AuditSummary, printer: Printer): void {
  const { head, firstSeq, firstTime, lastTime, recoveries, lost, unfinishedBytes } = summary;
  printer.line(
    lost === 0
      ? `${markOf('ok', printer)} The chain holds.`
      : `${markOf('warning', printer)} The chain holds, but ${grouped(lost)} records are lost: they could not be written.`,
  );
  renderFacts(
    [
      ['records', `${grouped(summary.records)} in ${summary.files} file(s)`],
      ['begins', firstSeq > 1 ? `with record ${firstSeq}: older files are not here` : 'with the first record'],
      ['time', `${firstTime ?? 'none'} to ${lastTime ?? 'none'}`],
      ['crashes', recoveries === 0 ? 'none within a line' : `${recoveries} within a line, each accounted for`],
      ['lost', lost === 0 ? 'none' : `${grouped(lost)} records`],
      ['unfinished', `${unfinishedBytes} bytes`],
      ['head', `${head.seq}:${head.hash}`],
    ],
    printer,
  );
}
