// Types are nouns. A type that is called by a participle (Loaded, Given) says what happened to a thing, and not
// which thing it is; a second one of the same name is then a matter of time.
import { relative } from 'node:path';
import { lineAt } from './parsed.mjs';

const irregular =
  /^(?:Given|Found|Held|Known|Taken|Made|Sent|Kept|Seen|Built|Done|Written|Drawn|Chosen|Shown|Told|Read|Born|Begun|Spent|Lost|Left|Paid|Caught|Thrown|Grown|Broken|Spoken)$/;
const nounsInEd = /^(?:Seed|Feed|Speed|Need|Deed|Breed|Weed|Embed)$/;
const declaration = /^(?:export )?(?:declare )?(?:abstract )?(?:interface|type|class) ([A-Za-z0-9_]+)/gm;

const lastWord = (name) => /[A-Z][a-z0-9]*$/.exec(name)?.[0] ?? name;

function isParticiple(name) {
  const word = lastWord(name);
  return irregular.test(word) || (word.endsWith('ed') && !nounsInEd.test(word));
}

/** Problems in the names of one package's types. */
export function nounProblems(sources, base) {
  return sources.flatMap(({ path, code }) =>
    [...code.matchAll(declaration)]
      .filter(([, name]) => isParticiple(name))
      .map(({ 1: name, index }) => ({
        where: `${relative(base, path)}:${lineAt(code, index)}`,
        what: `the type ${name} is named by a participle`,
        fix: 'name the thing that it is',
      })),
  );
}
