import { SearchX } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'wouter';
import type { Setting } from '../../api/types';
import { Empty } from '../../ui/empty';
import { Cell, Table } from '../../ui/table';
import { isSaved, matching } from './health';

/** Every setting, its value and where that came from. */
export function SettingsCard({ settings }: { settings: readonly Setting[] }) {
  const [words, setWords] = useState('');
  const [isChangedOnly, setChangedOnly] = useState(false);
  const shown = matching(settings, words, isChangedOnly);
  return (
    <section className="card" aria-labelledby="settings">
      <div className="card-head">
        <h2 id="settings">Settings</h2>
        <div className="row">
          <label className="settings-only">
            <input type="checkbox" checked={isChangedOnly} onChange={event => setChangedOnly(event.target.checked)} />
            Only what is set
          </label>
          <input className="input settings-search" type="search" aria-label="Find a setting" placeholder="Find a setting" value={words} onChange={event => setWords(event.target.value)} />
        </div>
      </div>
      <p className="card-note soft small">
        What a channel does is changed <Link href="/channels">on its page</Link>: it is saved, holds at once, and lies over the file and the environment. Everything else is changed in <code>config.yml</code>, or, where its
        name is in capitals, in the environment of the server; some of it holds from the next start on, and this page says so then.
      </p>
      {shown.length === 0 ? (
        <Empty icon={SearchX} title="No setting has this name" />
      ) : (
        <Table caption="Settings" columns={[{ title: 'Setting' }, { title: 'Value' }, { title: 'From' }]}>
          {shown.map(({ name, value, source }) => (
            <tr key={name}>
              <Cell isMain>
                <code>{name}</code>
              </Cell>
              <Cell label="Value">{value === null || value === '' ? <span className="soft">none</span> : <code>{value}</code>}</Cell>
              <Cell label="From">{isSaved(source) ? <Link href="/channels">{source}</Link> : source === 'built in' ? <span className="soft">built in</span> : source}</Cell>
            </tr>
          ))}
        </Table>
      )}
    </section>
  );
}
