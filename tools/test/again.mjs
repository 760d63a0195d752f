// A test of whole processes waits for what they do, and gives up at some time. On a machine whose processors are taken by
// others such a wait can end too early, so what failed beside another job runs once more alone. What fails alone, too, is broken.

/** More than these did not fail by the pace of the machine. */
const atMost = 3;

const waitsForProcesses = ({ label }) => label.endsWith('.process');

/**
 * Runs the failed jobs of whole processes again, one after the other, with `runAlone(job)`. Returns the results of all jobs,
 * in order, and `recovered`: `{ label, failures }` of the first run of each job that passed alone.
 */
export async function runFailedAgain(jobs, results, runAlone) {
  const failed = results.flatMap(({ failures }, index) => (failures.length > 0 ? [index] : []));
  const recovered = [];
  if (failed.length > atMost) return { results, recovered };
  const last = [...results];
  for (const index of failed.filter((each) => waitsForProcesses(jobs[each]))) {
    const again = await runAlone(jobs[index]);
    if (again.failures.length === 0) recovered.push({ label: jobs[index].label, failures: results[index].failures });
    last[index] = again;
  }
  return { results: last, recovered };
}
