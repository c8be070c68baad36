// The token is behind the #: browsers do not send that part, so it is in no log and no Referer.
const token = location.hash.slice(1);
const form = document.getElementById('form');
const problem = document.getElementById('problem');

async function ask(path, options) {
  const answer = await fetch(path, { headers: { 'Content-Type': 'application/json' }, ...options });
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    throw new Error((body.errors ?? []).map(error => `${error.field.slice(1)}: ${error.message}`).join(' ') || [body.title, body.detail].filter(Boolean).join(' ') || `The server answered ${answer.status}.`);
  }
  return body;
}

async function showKey(me) {
  const status = await ask('api/status');
  document.getElementById('server').textContent = status.ingest.url;
  const keys = await ask('api/keys');
  const own = keys.find(key => key.channelId === 'main' && key.sourceId === 'main' && key.origin === 'channel');
  const revealed = own && await ask(`api/keys/${own.id}/reveal`, { method: 'POST', headers: { 'X-CSRF-Token': me.csrfToken } });
  document.getElementById('key').textContent = revealed?.key ?? `${status.ingest.keyHint} (the one that you have configured)`;
}

form.addEventListener('submit', async event => {
  event.preventDefault();
  problem.textContent = '';
  if (form.password.value !== document.getElementById('again').value) {
    problem.textContent = 'The two passwords are not the same.';
    return;
  }
  const button = form.querySelector('button');
  button.disabled = true;
  try {
    const me = await ask('api/setup', { method: 'POST', body: JSON.stringify({ token, name: form.name.value, password: form.password.value }) });
    history.replaceState(null, '', location.pathname);
    document.getElementById('who').textContent = me.user.name;
    form.hidden = true;
    document.getElementById('done').hidden = false;
    await showKey(me);
  } catch (error) {
    problem.textContent = error.message;
    button.disabled = false;
  }
});

if (!token) {
  problem.textContent = 'The link is not complete: copy it whole from where the server was started, with everything behind the #.';
}
