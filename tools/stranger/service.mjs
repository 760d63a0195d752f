// What a stranger writes: their own service in the place of the template's, on packages of others.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StepFailure } from './play.mjs';

/** Exact, so that what others publish tomorrow does not change what is tested today. */
export const dependencies = ['hono@4.13.19', 'zod@4.6.7'];

const imports = `import { Hono } from 'hono';
import { z } from 'zod';
`;

/** The same answers as those of the template, so that its test holds. */
const service = `const Choice = z.enum(['tea', 'coffee'], { error: 'Only tea or coffee.' });

const web = new Hono();
web.get('/result', (context) => context.json(Object.fromEntries(votes)));
web.post('/vote', async (context) => {
  const choice = Choice.safeParse((await context.req.text()).trim());
  if (!choice.success) return context.text(z.prettifyError(choice.error), 400);
  votes.set(choice.data, (votes.get(choice.data) ?? 0) + 1);
  return context.text('counted\\n');
});

`;

/** The handler that README of the template says to replace, and what is left over by it. */
const replaced = [
  [/^import /m, `${imports}import `],
  [/^const choices = .*\n\n/m, '\n'],
  [/^\/\*\* Answers one request\.[^]*?^}\n\n/m, service],
  [/webHandlers\(answer\)/, 'webHandlers(web.fetch)'],
];

/** Puts Hono and zod into a project of the template `atls-service`. */
export function writeOwnService(project, name, user) {
  const file = join(project, `src/${name}.enclave.ts`);
  let text = readFileSync(file, 'utf8');
  for (const [pattern, own] of replaced) {
    if (!pattern.test(text)) throw new StepFailure(`${file} has nothing like ${pattern}`);
    text = text.replace(pattern, () => own);
  }
  writeFileSync(file, text);
  user.own(file);
}
