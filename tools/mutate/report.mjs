// The table of scores, and what the ledger says about the survivors.

const keyOf = ({ file, line, change }) => `${file}\n${line}\n${change}`;
/** A result has the number of its line, an entry of the ledger its text. */
const keyOfResult = ({ file, text, change }) => keyOf({ file, line: text, change });

const percent = (part, whole) => (whole === 0 ? '  -  ' : `${((100 * part) / whole).toFixed(1)} %`);

/** Results by what they mean; `known` is the ledger by key. */
function count(results, known) {
  const survivors = results.filter(({ outcome }) => outcome === 'survived');
  const isKind = (kind) => (result) => known.get(keyOfResult(result)) === kind;
  return {
    tried: results.length,
    killed: results.length - survivors.length,
    equivalent: survivors.filter(isKind('equivalent')).length,
    open: survivors.filter(isKind('open')).length,
    fresh: survivors.filter(isKind(undefined)),
  };
}

function row(name, { tried, killed, equivalent, open, fresh }, total = tried) {
  const counted = tried - equivalent;
  const sample = total === tried ? '' : `, a sample of ${total}`;
  return [
    percent(killed, counted).padStart(8),
    `${killed}/${counted}`.padStart(10),
    `${equivalent} equivalent, ${open} open, ${fresh.length} new${sample}`.padEnd(34),
    name,
  ].join('  ');
}

/** Entries that the run contradicts, each with why. */
function wrongEntries({ targets, results, ledger }) {
  const files = new Set(targets.map(({ file }) => file));
  const all = new Set(targets.flatMap((target) => target.all.map(keyOfResult)));
  const killed = new Map(results.filter(({ outcome }) => outcome === 'killed').map((one) => [keyOfResult(one), one]));
  return [...ledger.equivalent, ...ledger.open]
    .filter(({ file }) => files.has(file))
    .flatMap((entry) => {
      if (!all.has(keyOf(entry))) return [{ ...entry, problem: 'names no mutant' }];
      const by = killed.get(keyOf(entry))?.by;
      return by === undefined ? [] : [{ ...entry, problem: `is killed by "${by}"` }];
    });
}

/** Prints the scores; false when a survivor is not in the ledger, or the ledger is wrong. */
export function printResults({ targets, results, ledger, groups }) {
  const known = new Map([
    ...ledger.equivalent.map((entry) => [keyOf(entry), 'equivalent']),
    ...ledger.open.map((entry) => [keyOf(entry), 'open']),
  ]);
  const totalOf = (list) => list.reduce((sum, { all }) => sum + all.length, 0);
  console.log('   score  killed/of  survivors                           file');
  for (const target of targets) {
    const own = results.filter(({ file }) => file === target.file);
    console.log(row(target.file, count(own, known), target.all.length));
  }
  const parts = [...Object.entries(groups), ['all', { files: targets.map(({ file }) => file) }]];
  for (const [name, { files }] of parts) {
    const some = targets.filter(({ file }) => files.includes(file));
    const own = results.filter(({ file }) => files.includes(file));
    if (some.length > 0) console.log(row(name, count(own, known), totalOf(some)));
  }
  const { fresh } = count(results, known);
  for (const { file, line, change, text, tests } of fresh) {
    console.log(`survived: ${file}:${line}: ${change}\n    ${text}${tests === 0 ? '\n    no test reaches it' : ''}`);
  }
  const wrong = wrongEntries({ targets, results, ledger });
  for (const { file, line, change, problem } of wrong) console.log(`ledger: ${problem}: ${file}: ${line}: ${change}`);
  return fresh.length === 0 && wrong.length === 0;
}
