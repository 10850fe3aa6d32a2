import { App, H5GroveProvider, createBasicFetcher } from '@h5web/app';
import '@h5web/app/styles.css';
import { useEffect, useMemo, useState } from 'react';
import { createRoot } from 'react-dom/client';
import './page.css';

// How often it is asked whether what is shown has changed, in milliseconds.
const INTERVAL = 2000;

const address = new URLSearchParams(location.search);
const file = address.get('file') ?? '';
const api = new URL('api', location.href).href;
document.title = `${file.split('/').pop()} – calcstore`;

// JSON knows neither NaN nor infinities, and JavaScript reads integers beyond 2^53 only as BigInt. The server writes
// them as text that begins with U+0000.
const parse = JSON.parse;
JSON.parse = (text, reviver) =>
  parse(text, reviver ?? (String(text).includes('\\u0000') ? revived : undefined));

function revived(_name, value) {
  const [, number] = (typeof value === 'string' && /^\0(-?\d+|NaN|-?Infinity)$/.exec(value)) || [];
  if (number === undefined) return value;
  return /\d/.test(number) ? BigInt(number) : Number(number);
}

// H5Web keeps here what was set. Its own defaults write whole numbers as 1.000e+0, and make all columns of a table as
// wide as one of text.
if (localStorage.getItem('h5web:matrix') === null) {
  localStorage.setItem('h5web:matrix', JSON.stringify({ state: { notation: 'Auto', customCellWidth: 170 }, version: 4 }));
}

// The node that is chosen in the sidebar; nothing where that shows something else.
function chosen() {
  return document.querySelector('[role=treeitem][aria-selected=true]')?.dataset.path;
}

function Viewer() {
  const [path, setPath] = useState(address.get('path') || '/');
  // The first row that is shown of what is too long to be shown at once, by path.
  const [starts, setStarts] = useState({});
  const [version, setVersion] = useState(0);
  const [part, setPart] = useState();
  const [columns, setColumns] = useState([]);
  const [error, setError] = useState();

  const fetcher = useMemo(() => {
    const fetcher = createBasicFetcher();
    return (url, parameters, options) => {
      const from = starts[parameters.path];
      return fetcher(url, from === undefined ? parameters : { ...parameters, from: String(from) }, options);
    };
  }, [starts]);

  useEffect(() => {
    let known;
    let timer;
    let isOver = false;
    async function look() {
      const now = chosen() ?? path;
      if (now !== path) {
        setPath(now);
        return;
      }
      const start = performance.now();
      if (!document.hidden) {
        try {
          const bytes = await fetcher(`${api}/meta`, { file, path });
          const text = new TextDecoder().decode(bytes);
          if (isOver) return;
          setError(undefined);
          const meta = parse(text);
          setPart(meta.part);
          setColumns(meta.columns ?? []);
          if (known !== undefined && text !== known) setVersion((version) => version + 1);
          known = text;
        } catch (failure) {
          if (!isOver) setError(failure.status === undefined ? 'calcstore view has ended' : undefined);
        }
      }
      // What takes long to find out, as of a group of very many, is asked for less often.
      timer = setTimeout(look, Math.max(INTERVAL, 10 * (performance.now() - start)));
    }
    look();
    const watch = setInterval(() => {
      const now = chosen();
      if (now !== undefined && now !== path) setPath(now);
    }, 200);
    return () => {
      isOver = true;
      clearTimeout(timer);
      clearInterval(watch);
    };
  }, [path, fetcher]);

  useEffect(() => {
    history.replaceState(null, '', `?${new URLSearchParams({ file, path })}`);
    setPart(undefined);
    setColumns([]);
  }, [path]);

  function show(from) {
    setStarts({ ...starts, [path]: from });
    setVersion(version + 1);
  }

  return (
    <>
      <nav className="bar">
        <a href=".">All calculations</a>
        {part && <Part part={part} show={show} key={`${path} ${part.from}`} />}
        {columns.length > 0 && <Columns names={columns} table={path} key={path} />}
        {error && <strong role="alert">{error}</strong>}
        <button type="button" onClick={() => setVersion(version + 1)}>Refresh</button>
      </nav>
      <H5GroveProvider url={api} filepath={file} fetcher={fetcher} resetKeys={[version]}>
        <App initialPath={path} disableDarkMode />
      </H5GroveProvider>
    </>
  );
}

// H5Web draws tables as text alone. Each column has a path of its own.
function Columns({ names, table }) {
  return (
    <label>
      Plot{' '}
      <select
        value=""
        onChange={(event) => {
          location.search = new URLSearchParams({ file, path: `${table}/${event.target.value}` });
        }}
      >
        <option value="">a column</option>
        {names.map((name) => <option key={name}>{name}</option>)}
      </select>
    </label>
  );
}

// Goes through what is too long to be shown at once.
function Part({ part: { from, rows, of }, show }) {
  const last = from + rows - 1;
  return (
    <form
      className="part"
      onSubmit={(event) => {
        event.preventDefault();
        show(Number(new FormData(event.currentTarget).get('from')));
      }}
    >
      <button type="button" disabled={from === 0} onClick={() => show(Math.max(0, from - rows))}>Previous</button>
      <label>
        Rows <input name="from" type="number" min="0" max={of - 1} step="1" defaultValue={from} /> to {last} of {of}
      </label>
      <button type="button" disabled={last + 1 >= of} onClick={() => show(from + rows)}>Next</button>
    </form>
  );
}

createRoot(document.getElementById('root')).render(<Viewer />);
