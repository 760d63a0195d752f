// The manifests and charts of the services are written from their typed objects.
import { importBuilt } from '../lib/workspace.mjs';
import { checkGenerated } from './generated.mjs';

/** Folders of a service: the base of kustomize, and the chart of Helm. */
const services = [
  { name: 'node-agent', base: 'deploy', chart: 'chart' },
  { name: 'admission', base: 'manifests', chart: 'chart' },
];

/** Writes the files, or compares them; returns problems, one line each. */
export async function checkCharts(root, { write }) {
  const problems = await Promise.all(
    services.map(async ({ name, ...folders }) => {
      const { generatedFiles } = await importBuilt(`services/${name}/dist/src/manifests/chart.js`);
      const { base, chart } = generatedFiles();
      const held = (folder, files) => files.map((file) => [`services/${name}/${folder}/${file.name}`, file.text]);
      const pages = [...held(folders.base, base), ...held(folders.chart, chart)];
      return checkGenerated(root, pages, { write, source: `services/${name}/src/manifests says` });
    }),
  );
  return problems.flat();
}
