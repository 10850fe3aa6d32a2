// Opens what calcstore view serves in Chromium, and looks at what is drawn there.
//
// usage: view.mjs ADDRESS SCREENSHOTS
// ADDRESS is what the program printed, of the store that tests/it/cli/view.rs makes, which appends rows to /growing all
// the time. Prints {"checked": N, "faults": [...], "seconds": {...}} and leaves a screenshot of each check.
import { createServer } from "node:http";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { load } from "./oracle.mjs";

const [address, screenshots] = process.argv.slice(2);
const { chromium } = (await load("playwright-core/index.js")).default;
mkdirSync(screenshots, { recursive: true });

const browser = await chromium.launch({
  executablePath: process.env.CALCSTORE_ORACLE_CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader", "--disable-background-networking"],
});
// A machine that has much else to do draws slowly.
const PATIENCE = 30000;
const SIZE = { width: 1100, height: 650 };
const page = await browser.newPage({ viewport: SIZE });
page.setDefaultTimeout(PATIENCE);
const report = { checked: 0, faults: [], seconds: {} };
const complaints = [];
page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
page.on("pageerror", (error) => complaints.push(String(error)));
// The page asks nobody else for anything.
const watch = (request) => {
  const { protocol, host } = new URL(request.url());
  if (!["data:", "blob:"].includes(protocol) && host !== new URL(address).host) {
    report.faults.push(`the page asked ${request.url()}`);
  }
};
page.on("request", watch);

// Chromium cannot take a picture now and then while a page comes up.
async function shoot(name) {
  const path = join(screenshots, `${name.replaceAll(/[^a-z0-9]+/gi, "-")}.png`);
  const take = () => page.screenshot({ path });
  await take().catch(() => page.waitForTimeout(1000).then(take));
}

// Runs one check; what it throws is a fault.
async function check(name, look) {
  const start = Date.now();
  try {
    await look();
    report.checked += 1;
  } catch (error) {
    report.faults.push(`${name}: ${String(error.message ?? error).slice(0, 400)}`);
  }
  if (complaints.length > 0) report.faults.push(`${name}: the console says ${complaints.splice(0).join("; ")}`);
  await shoot(name);
  report.seconds[name] = (Date.now() - start) / 1000;
  console.error(name, report.seconds[name]);
}

function expect(condition, what) {
  if (!condition) throw new Error(what);
}

// Waits until a text stands on the page.
async function see(...texts) {
  for (const text of texts) {
    await page.getByText(text, { exact: false }).filter({ visible: true }).first().waitFor()
      .catch(async () => {
        const seen = (await page.locator("body").innerText()).replaceAll(/\s+/g, " ").slice(0, 300);
        throw new Error(`${text} is not there, but: ${seen}`);
      });
  }
}

const base = address.split("?")[0];
const file = new URL(address).searchParams.get("file");
const open = (path) => page.goto(`${base}?${new URLSearchParams({ file, path })}`);
const show = async (label) => page.getByRole("tab", { name: label, exact: true }).click();
// Moves along the first axis by one.
const slide = (key = "ArrowUp") => page.getByRole("slider").first().press(key);
const cells = async () => page.locator("[role=gridcell]").allInnerTexts();

// How many pixels of the plot have each colour, the commonest first: [[colour, count], …].
async function colours() {
  await page.locator("canvas").first().waitFor();
  // The first frame is drawn after the canvas is there.
  await page.waitForTimeout(600);
  const picture = (await page.locator("canvas").first().screenshot()).toString("base64");
  return page.evaluate(async (picture) => {
    const image = new Image();
    image.src = `data:image/png;base64,${picture}`;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, image.width, image.height);
    const counts = new Map();
    for (let at = 0; at < data.length; at += 4) {
      const colour = `${data[at]},${data[at + 1]},${data[at + 2]}`;
      counts.set(colour, (counts.get(colour) ?? 0) + 1);
    }
    return [...counts].sort((a, b) => b[1] - a[1]);
  }, picture);
}

// Saturated colours: what is neither background nor grid nor text.
function vivid(counts) {
  const isVivid = ([colour]) => {
    const parts = colour.split(",").map(Number);
    return Math.max(...parts) - Math.min(...parts) > 60;
  };
  return counts.filter(isVivid);
}
const sum = (counts) => counts.reduce((total, [, count]) => total + count, 0);

// The labels beside the ticks of the axes.
const ticks = async () => (await page.locator("svg text, svg tspan").allTextContents()).map((text) => text.trim());

const startOfAll = Date.now();
await check("curves", async () => {
  await page.goto(address);
  await page.locator("canvas").first().waitFor();
  report.seconds.firstPlot = (Date.now() - startOfAll) / 1000;
  await see("PGA (g)", "probability of exceedance");
  const labels = await ticks();
  for (const tick of ["0.001", "0.01", "0.1"]) expect(labels.includes(tick), `no tick ${tick} in ${labels}`);
  const drawn = vivid(await colours());
  expect(sum(drawn) > 300, `no curve is drawn: ${sum(drawn)} pixels`);
});

await check("group of curves", async () => {
  await open("/curves");
  await see("PGA (g)", "quantile-0.85");
  const drawn = vivid(await colours());
  // Each of the three has a colour: blue, green and orange.
  for (const [colour, part] of [["red", 0], ["green", 1], ["blue", 2]]) {
    const isOf = ([text]) => text.split(",").map(Number).every((value, other, all) => other === part || value < all[part]);
    expect(sum(drawn.filter(isOf)) > 100, `no curve is ${colour}`);
  }
});

await check("map", async () => {
  await open("/maps/pga");
  const drawn = await colours();
  // Viridis, from its darkest to its brightest.
  expect(vivid(drawn).length > 50, `a map of ${vivid(drawn).length} colours`);
});

await check("cube", async () => {
  await open("/maps/cube");
  await show("Matrix");
  await see("102");
  await slide();
  await see("10102");
});

await check("table", async () => {
  await page.setViewportSize({ width: 2200, height: 600 });
  await open("/sites");
  await see("Zürich", "9007199254740993", "PGA[1]");
  const shown = await cells();
  for (const cell of ["Pavia", "NaN", "9007199254740993", "true", "Infinity", "-1", "0.125"]) {
    expect(shown.includes(cell), `no cell ${cell} among ${shown}`);
  }
});

await check("column of a table", async () => {
  await page.setViewportSize(SIZE);
  await page.getByLabel("Plot").selectOption("PGA");
  await page.waitForURL(/path=%2Fsites%2FPGA/);
  await show("Heatmap");
  expect(vivid(await colours()).length >= 2, "the column is not drawn");
});

await check("object", async () => {
  await open("/job");
  await see('"description": "demo <b>"', '"n": 3');
});

await check("text", async () => {
  await open("/job.ini");
  await see("description = größer");
});

await check("inspect", async () => {
  await open("/curves/mean");
  await show("Inspect");
  await see("64-bit", "3 x 20 = 60", "probability of exceedance", "dimension_names", "crc32c");
});

for (const [name, ...texts] of [
  ["bool", "true", "false"],
  ["int8", "-128", "127"],
  ["int16", "-32768", "32767"],
  ["int32", "-2147483648", "2147483647"],
  ["int64", "-9223372036854775808", "9223372036854775807"],
  ["uint8", "255"],
  ["uint16", "65535"],
  ["uint32", "4294967295"],
  ["uint64", "18446744073709551615"],
  ["float16", "0.5", "NaN", "65504"],
  ["float32", "0.5", "NaN", "Infinity"],
  ["float64", "0.1", "NaN", "−Infinity"],
  ["complex64", "3 + 4 i", "NaN"],
  ["complex128", "3 + 4 i", "0 − 1.5 i"],
  ["string", "αβγ"],
]) {
  await check(`type ${name}`, async () => {
    await open(`/types/${name}`);
    const tab = page.getByRole("tab", { name: "Matrix", exact: true });
    await tab.waitFor();
    await tab.click();
    await page.locator("[role=gridcell]").first().waitFor();
    const shown = (await cells()).join("|");
    for (const text of texts) expect(shown.includes(text), `${text} is not among ${shown}`);
  });
}

await check("scalars", async () => {
  for (const [path, text] of [["scalar", "2.5"], ["text", "Größe"], ["big", "9223372036854775807"], ["complex", "1 − 2 i"]]) {
    await open(`/types/${path}`);
    await see(text);
  }
  await open("/types/empty");
  expect(vivid(await colours()).length === 0, "something is drawn of nothing");
});

await check("damaged", async () => {
  await open("/odd");
  await see("Nothing to display");
  await show("Inspect");
  await see("problem", "makes no sense");
});

await check("growing", async () => {
  await open("/growing");
  await show("Inspect");
  const rows = () => page.locator("tr", { hasText: "Shape" }).first().locator("td").innerText().then(Number.parseFloat);
  await page.locator("tr", { hasText: "Shape" }).first().waitFor();
  const before = await rows();
  for (let grown = 0; grown < 2; ) {
    await page.waitForTimeout(250);
    if ((await rows()) > before + grown) grown += 1;
    expect(Date.now() - startOfAll < 300000, "it does not grow");
  }
  await show("Display");
  const drawn = vivid(await colours());
  expect(sum(drawn) > 100, `no line is drawn: ${sum(drawn)} pixels`);
});

await check("large cube", async () => {
  await open("/large/cube");
  expect(vivid(await colours()).length < 10, "the first slice is not of zeros");
  // The last slider is that of the axis; the others choose colours.
  const slider = page.getByRole("slider").last();
  await slider.press("End");
  expect((await slider.getAttribute("aria-valuenow")) === "1023", "the slider stays where it is");
  await page.waitForTimeout(500);
  const drawn = vivid(await colours());
  expect(drawn.length > 50, `the last slice has ${drawn.length} colours`);
});

await check("large map", async () => {
  await open("/large/map");
  await see("to 8191 of 262144");
  await page.getByRole("button", { name: "Next", exact: true }).click();
  await see("to 16383 of 262144");
  await show("Matrix");
  await page.locator("[role=gridcell]").first().waitFor();
});

await check("large line", async () => {
  await open("/large/line");
  await see("to 1048575 of 134217728");
  await page.getByRole("spinbutton", { name: "Rows" }).fill("134217727");
  await page.keyboard.press("Enter");
  await see("to 134217727 of 134217728");
  await show("Matrix");
  await page.locator("[role=gridcell]").first().waitFor();
  await page.locator("[role=gridcell]").first().evaluate((cell) => {
    let box = cell;
    while (box.scrollHeight <= box.clientHeight + 1000) box = box.parentElement;
    box.scrollTop = box.scrollHeight;
  });
  await page.waitForFunction(() =>
    [...document.querySelectorAll("[role=gridcell]")].map((cell) => cell.innerText).join(" ").endsWith("0 1 2 3 4"));
});

await check("search", async () => {
  await open("/");
  await page.getByRole("tab", { name: /search/i }).click();
  await page.getByRole("textbox").or(page.getByRole("searchbox")).first().fill("float6");
  await see("float64");
});

await check("list", async () => {
  await page.goto(base.replace(/view$/, ""));
  await see("Calculations", "created");
  await page.waitForFunction(() => /[0-9] [KM]?i?B$/.test(document.querySelector("[data-file]").innerText));
});

await check("calculation from the list", async () => {
  await page.getByRole("link", { name: "1", exact: true }).click();
  await see("curves");
});

// What the server gives to a page that is not its own: an origin of this machine that is another one, and one that
// only its own name tells from it.
await check("strangers", async () => {
  const stranger = createServer((_, response) => response.setHeader("Content-Type", "text/html").end("<p>other</p>"));
  await new Promise((resolve) => stranger.listen(0, "127.0.0.1", resolve));
  const other = await browser.newPage();
  await other.goto(`http://127.0.0.1:${stranger.address().port}/`);
  const meta = `${base.replace(/view$/, "api/meta")}?${new URLSearchParams({ file, path: "/" })}`;
  const outcomes = await other.evaluate(async ([meta, page, script]) => {
    const outcome = (promise) => promise.then((value) => value, (error) => `refused: ${error.name}`);
    const load = (element, attribute, address) => new Promise((resolve) => {
      element.onload = () => resolve("loaded");
      element.onerror = () => resolve("refused");
      element[attribute] = address;
      document.body.append(element);
    });
    const frame = document.createElement("iframe");
    await Promise.race([load(frame, "src", page), new Promise((resolve) => setTimeout(resolve, 1500))]);
    let framed;
    try {
      framed = frame.contentDocument === null ? "refused" : frame.contentDocument.body.innerText;
    } catch {
      framed = "refused";
    }
    return {
      cors: await outcome(fetch(meta).then((answer) => answer.text())),
      opaque: await outcome(fetch(meta, { mode: "no-cors" }).then((answer) => answer.type)),
      script: await load(document.createElement("script"), "src", script),
      framed,
    };
  }, [meta, address, base.replace(/view$/, "app.js")]);
  expect(outcomes.cors.startsWith("refused"), `fetch gives ${outcomes.cors}`);
  expect(outcomes.opaque.startsWith("refused"), `fetch without CORS gives ${outcomes.opaque}`);
  expect(outcomes.script === "refused", "the script is loaded");
  expect(outcomes.framed === "refused", `the frame shows ${outcomes.framed}`);
  await other.close();
  stranger.close();

  page.off("request", watch);
  const token = new URL(address).pathname.split("/")[1];
  for (const wrong of [
    address.replace(token, "0".repeat(token.length)),
    `${base.replace(/view$/, "")}..%2f..%2fetc/passwd`,
    `${base.replace(/view$/, "")}api%2fmeta?file=${file}`,
    address.replace("127.0.0.1", "127.0.0.2"),
  ]) {
    const answer = await page.goto(wrong).catch(() => null);
    expect(answer === null || [403, 404].includes(answer.status()), `${wrong} gives ${answer?.status()}`);
  }
  complaints.length = 0;
});

console.log(JSON.stringify(report));
await browser.close();
