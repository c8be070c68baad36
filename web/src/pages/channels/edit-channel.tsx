import { useQuery, useQueryClient } from '@tanstack/react-query';
import { ArrowLeft, RotateCcw, Trash2 } from 'lucide-react';
import { useCallback, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { api, getTagged, type Tagged } from '../../api/client';
import type { Channel } from '../../api/types';
import { PageHead } from '../../app/page-head';
import { Conflict, useEditing } from '../../editing/editing';
import { liveWay } from '../../live/channel-ways';
import { useStatus } from '../../live/live';
import { useMay } from '../../session/session';
import { Button } from '../../ui/button';
import { SelectField } from '../../ui/choice';
import { Confirm } from '../../ui/dialog';
import { Field, Form } from '../../ui/form';
import { Loaded } from '../../ui/query';
import { toast } from '../../ui/toasts';
import { AirBadge } from './air-badge';
import { ChannelAir } from './channel-air';
import { RemoveChannel } from './remove-channel';
import './channels.css';
import { fieldNames, labels, settingsOf, valuesOf, type ChannelValues } from './values';

const read = (id: string) => getTagged('/api/channels/{id}', { path: { id } });

export function EditChannel({ id }: { id: string }) {
  // Read anew for each visit, and after the settings were taken back.
  const query = useQuery({ queryKey: ['channel', id], queryFn: () => read(id), gcTime: 0, staleTime: Infinity });
  return (
    <>
      <Link href="/channels" className="way-back">
        <ArrowLeft size={16} aria-hidden />
        All channels
      </Link>
      <PageHead title={`Channel ${id}`} lead="Changes hold at once, also on air; a format holds from the next broadcast." />
      <Loaded query={query} height={420}>
        {loaded => <Editor key={`${loaded.etag} ${query.dataUpdatedAt}`} loaded={loaded} onReset={() => query.refetch()} />}
      </Loaded>
    </>
  );
}

const toValues = ({ data, etag }: Tagged<Channel>): Tagged<ChannelValues> => ({ data: valuesOf(data.settings), etag });

const lossPolicies = [
  { value: 'fallback', label: 'Fallback plays' },
  { value: 'end', label: 'Broadcast ends' },
];

function Editor({ loaded, onReset }: { loaded: Tagged<Channel>; onReset: () => void }) {
  const { id, origin } = loaded.data;
  const [asking, setAsking] = useState<'remove' | 'reset' | null>(null);
  const queries = useQueryClient();
  const [, go] = useLocation();
  const mayManage = useMay('manage');
  const state = useStatus(id)?.state ?? loaded.data.state;
  const media = useQuery({ queryKey: ['media'], queryFn: () => api.get('/api/media') }).data;

  const reload = useCallback(async () => toValues(await read(id)), [id]);
  const save = useCallback(
    async (changed: Partial<ChannelValues>, etag: string) => {
      const settings = settingsOf(changed, filename => media?.find(file => file.filename === filename)?.type);
      await api.put('/api/channels/{id}', { path: { id }, body: { settings }, etag });
      return await reload();
    },
    [id, media, reload],
  );
  const onSaved = useCallback(() => {
    toast.good('Saved.');
    for (const list of ['channels', 'media']) void queries.invalidateQueries({ queryKey: [list] });
  }, [queries]);
  const [base] = useState(() => toValues(loaded));
  const { values, set, state: form, conflict, isChanged } = useEditing({ loaded: base, fields: fieldNames, save, reload, onSaved });

  const number = (name: keyof ChannelValues, hint: string) => (
    <Field label={labels[name] ?? name} name={`settings/${name}`} value={values[name] ?? ''} onChange={set(name)} state={form} inputMode="decimal" hint={hint} />
  );
  const loss = (name: 'onCrash' | 'onStall' | 'onCleanEnd') => (
    <SelectField label={labels[name] ?? name} name={`settings/${name}`} value={values[name]} onChange={set(name)} state={form} options={lossPolicies} />
  );
  const files = [
    { value: 'slate', label: 'Built-in slate' },
    ...(values.fallback === 'configured' ? [{ value: 'configured', label: 'The file of config.yml' }] : []),
    ...(media ?? []).map(({ filename, title, type }) => ({ value: filename, label: `${title} (${type === 'image' ? 'picture' : 'video'})` })),
  ];

  return (
    <div className="form-with-help">
      <Form state={form} className="stack">
        <Conflict conflict={conflict} labels={labels} />
        <fieldset className="plain stack" disabled={!mayManage}>
          <section className="card card-body stack" aria-labelledby="channel-start">
            <h2 id="channel-start">On air and fallback</h2>
            <div className="field-columns">
              <SelectField
                label={labels['start'] ?? ''}
                name="settings/start"
                value={values.start}
                onChange={set('start')}
                state={form}
                options={[
                  { value: 'on_publish', label: 'When a source publishes' },
                  { value: 'always', label: 'Always, with the fallback first' },
                  { value: 'manual', label: 'When somebody says so' },
                ]}
              />
              <SelectField
                label={labels['fallback'] ?? ''}
                name="settings/fallbackMedia"
                value={values.fallback}
                onChange={set('fallback')}
                state={form}
                options={files}
                hint={<Link href="/media">Add pictures and videos</Link>}
              />
            </div>
          </section>
          <section className="card card-body stack" aria-labelledby="channel-loss">
            <div>
              <h2 id="channel-loss">When the last source is lost</h2>
              <p className="soft small">For each way of losing it, what viewers see next.</p>
            </div>
            <div className="field-columns field-columns-narrow">
              {loss('onCrash')}
              {loss('onStall')}
              {loss('onCleanEnd')}
            </div>
            <div className="field-columns">
              {number('rtmpTimeoutSeconds', 'A connected source without media: 0.2 to 60.')}
              {number('checkIntervalSeconds', '0.1 to 60.')}
            </div>
            <div className="field-columns">
              {number('returnAfterSeconds', 'Before the program goes back to a source: 0 to 300.')}
              {number('endAfterSeconds', '0: never.')}
            </div>
          </section>
          <section className="card card-body stack" aria-labelledby="channel-format">
            <div>
              <h2 id="channel-format">Format</h2>
              <p className="soft small">Of the program before any source has been seen; a source brings its own.</p>
            </div>
            <div className="field-columns field-columns-narrow">
              {number('width', 'Pixels, even.')}
              {number('height', 'Pixels, even.')}
              {number('fps', '1 to 120.')}
            </div>
            <div className="field-columns">
              {number('videoBitrateKbps', 'Of the fallback and of transcodes.')}
              {number('audioBitrateKbps', 'Of the fallback and of transcodes.')}
            </div>
            <SelectField
              label="A source that comes back in another format"
              name="settings/onFormatChange"
              value={values.onFormatChange}
              onChange={set('onFormatChange')}
              state={form}
              options={[
                { value: 'transcode', label: 'is made to fit; destinations stay connected' },
                { value: 'restart', label: 'goes out as it is; destinations connect anew' },
              ]}
            />
          </section>
          {mayManage && (
            <div className="form-foot">
              <Button type="submit" look="primary" isBusy={form.isBusy} disabled={!isChanged || conflict !== null}>
                Save changes
              </Button>
            </div>
          )}
        </fieldset>
      </Form>
      <div className="stack">
        <section className="card card-body stack" aria-label="State">
          <div className="row spread">
            <AirBadge state={state} />
            <ChannelAir id={id} state={state} />
          </div>
          <Link href={liveWay(id)}>Its live page</Link>
        </section>
        <section className="card card-body stack" aria-labelledby="channel-sources">
          <h2 id="channel-sources">Sources</h2>
          <ul className="stack">
            {loaded.data.sources.map(source => (
              <li key={source.id} className="row spread">
                <span>{source.id}</span>
                <span className="soft small">
                  key <code>{source.keyHint}</code>
                </span>
              </li>
            ))}
          </ul>
          <Link href="/keys">Stream keys</Link>
        </section>
        {mayManage && (
          <div className="row">
            <Button onClick={() => setAsking('reset')}>
              <RotateCcw size={16} aria-hidden />
              Take back all changes
            </Button>
            {origin !== 'configuration' && (
              <Button className="button-bad" onClick={() => setAsking('remove')}>
                <Trash2 size={16} aria-hidden />
                Delete channel
              </Button>
            )}
          </div>
        )}
      </div>
      <Confirm
        isOpen={asking === 'reset'}
        onOpenChange={open => !open && setAsking(null)}
        title={`Take back every change of ${id}?`}
        action="Take back changes"
        onConfirm={async () => {
          await api.delete('/api/channels/{id}/settings', { path: { id } });
          toast.good(`${id} is as config.yml and the built-in settings say.`);
          void queries.invalidateQueries({ queryKey: ['channels'] });
          onReset();
        }}
      >
        Every setting that was changed here goes back to what config.yml says, or to what is built in. What is on air follows at once.
      </Confirm>
      <RemoveChannel id={asking === 'remove' ? id : null} onClose={() => setAsking(null)} onRemoved={() => go('/channels')} />
    </div>
  );
}
