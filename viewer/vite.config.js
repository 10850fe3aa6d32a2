import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { defineConfig } from 'vite';

// The directory of the package that a module belongs to; nothing for the sources of this page.
function packageOf(id) {
  const file = id.replace(/^\0+/, '').split('?')[0];
  if (!file.includes('/node_modules/')) return undefined;
  let directory = dirname(file);
  while (!isPackage(directory)) directory = dirname(directory);
  return directory;
}

// A package.json without a name only says how the files beside it are read.
function isPackage(directory) {
  const file = join(directory, 'package.json');
  return existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).name !== undefined;
}

function licenceOf(directory) {
  const { name, version, license } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  const files = readdirSync(directory).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file)).sort();
  const texts = files.map((file) => readFileSync(join(directory, file), 'utf8').replaceAll('\r\n', '\n').trim());
  return [`${name} ${version}: ${license}`, ...texts].join('\n\n');
}

// Every package of which something is in the bundle, with the text of its licence.
const licences = {
  name: 'licences',
  generateBundle(_options, bundle) {
    const modules = Object.values(bundle).flatMap((output) => Object.keys(output.modules ?? {}));
    const packages = new Set([...this.getModuleIds(), ...modules].map(packageOf).filter(Boolean));
    const texts = [...new Set([...packages].map(licenceOf))].sort();
    const source = `${texts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
    this.emitFile({ type: 'asset', fileName: 'licences.txt', source });
  },
};

export default defineConfig({
  base: './',
  plugins: [licences],
  build: {
    target: 'es2022',
    modulePreload: false,
    chunkSizeWarningLimit: 5000,
    rolldownOptions: { output: { entryFileNames: 'app.js', assetFileNames: 'app.[ext]' } },
  },
});
