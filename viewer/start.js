// What calculations take on disk is found out after the list is there, one after the other: it can take long.
for (const cell of document.querySelectorAll('[data-file]')) {
  const answer = await fetch(`api/size?${new URLSearchParams({ file: cell.dataset.file })}`);
  cell.textContent = answer.ok ? (await answer.json()).text : 'unknown';
}
