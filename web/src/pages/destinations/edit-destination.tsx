import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { ArrowLeft, PlugZap, Trash2 } from 'lucide-react';
import { useCallback, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { api, getTagged, type Tagged } from '../../api/client';
import type { Destination } from '../../api/types';
import { PageHead } from '../../app/page-head';
import { Conflict, useEditing } from '../../editing/editing';
import { Curves } from '../../live/curves';
import { useStatus } from '../../live/live';
import { TestAnswer } from '../../platforms/connection-test';
import { useMay } from '../../session/session';
import { Button } from '../../ui/button';
import { Form } from '../../ui/form';
import { Loaded } from '../../ui/query';
import { Switch } from '../../ui/switch';
import { toast } from '../../ui/toasts';
import { DestinationFields } from './destination-fields';
import { RemoveDestination } from './remove-destination';
import { RightNow } from './right-now';
import { bodyOf, fieldNames, fineSettings, valuesOf, type DestinationValues } from './values';

const read = (id: string) => getTagged('/api/destinations/{id}', { path: { id } });

export function EditDestination({ id }: { id: string }) {
  // Read anew for each visit: what is in the form is what is changed.
  const query = useQuery({ queryKey: ['destination', id], queryFn: () => read(id), gcTime: 0, staleTime: Infinity });
  return (
    <>
      <Link href="/destinations" className="way-back">
        <ArrowLeft size={16} aria-hidden />
        All destinations
      </Link>
      <PageHead title={query.data?.data.name ?? 'Destination'} lead={query.data && <Lead destination={query.data.data} />} />
      <Loaded query={query} height={420}>
        {loaded => <Editor key={loaded.data.id} loaded={loaded} />}
      </Loaded>
    </>
  );
}

function Lead({ destination }: { destination: Destination }) {
  return destination.origin === 'configuration' ? 'It comes from config.yml: here only its switch and its stream key can be changed.' : 'Changes hold at once, also on air.';
}

const labels: Readonly<Record<string, string>> = {
  name: 'Name', url: 'Server', streamKey: 'Stream key', playbackUrl: 'Watch page', platform: 'Platform', allowUntrustedCertificate: 'Accept any certificate', trustedAuthority: 'Authority to trust',
  ...Object.fromEntries(fineSettings.map(({ name, label }) => [name, label])),
};

const toValues = ({ data, etag }: Tagged<Destination>): Tagged<DestinationValues> => ({ data: valuesOf(data), etag });

function Editor({ loaded }: { loaded: Tagged<Destination> }) {
  const { id, name } = loaded.data;
  const [kept, setKept] = useState(loaded.data);
  const [isRemoving, setRemoving] = useState(false);
  const queries = useQueryClient();
  const [, go] = useLocation();
  const mayManage = useMay('manage');
  const mayOperate = useMay('operate');
  const live = useStatus(kept.channelId)?.destinations.find(row => row.id === id);
  const list = useQuery({ queryKey: ['destinations'], queryFn: () => api.get('/api/destinations') });
  const listed = list.data?.find(row => row.id === id);

  const reload = useCallback(async () => {
    const next = await read(id);
    setKept(next.data);
    return toValues(next);
  }, [id]);
  const save = useCallback(
    async (changed: Partial<DestinationValues>, etag: string) => {
      await api.put('/api/destinations/{id}', { path: { id }, body: bodyOf(changed), etag });
      return await reload();
    },
    [id, reload],
  );
  const onSaved = useCallback(() => {
    toast.good('Saved.');
    void queries.invalidateQueries({ queryKey: ['destinations'] });
  }, [queries]);
  const [base] = useState(() => toValues(loaded));
  const editing = useEditing({ loaded: base, fields: fieldNames, save, reload, onSaved });

  const test = useMutation({ mutationFn: () => api.post('/api/destinations/{id}/test-connection', { path: { id } }) });
  const toggle = useMutation({
    mutationFn: (enabled: boolean) => api.put('/api/destinations/{id}', { path: { id }, body: { enabled } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['destinations'] }),
  });
  const isEnabled = toggle.isPending ? toggle.variables : (live?.enabled ?? listed?.enabled ?? kept.enabled);

  return (
    <>
      <RightNow row={live ?? null} destination={kept} isEnabled={isEnabled}>
        <Switch label={`Send to ${name}`} isOn={isEnabled} disabled={!mayOperate || toggle.isPending} onChange={on => toggle.mutate(on)} />
      </RightNow>
      <div className="form-with-help">
        <section className="card card-body" aria-label="Settings of the destination">
          <Form state={editing.state}>
            <Conflict conflict={editing.conflict} labels={labels} />
            <fieldset className="plain stack" disabled={!mayManage}>
              <DestinationFields values={editing.values} set={editing.set} state={editing.state} channels={[kept.channelId]} kept={kept} />
            </fieldset>
            {mayManage && (
              <div className="form-foot">
                <Button type="submit" look="primary" isBusy={editing.state.isBusy} disabled={!editing.isChanged || editing.conflict !== null}>
                  Save changes
                </Button>
              </div>
            )}
          </Form>
        </section>
        <div className="stack">
          {mayManage && (
            <section className="card card-body stack" aria-label="Connection test">
              <div>
                <h2>Connection test</h2>
                <p className="soft small">Asks the server whether you may publish, without showing anything. {editing.isChanged && 'It takes what is saved: save your changes first.'}</p>
              </div>
              {test.data && <TestAnswer test={test.data} />}
              <div>
                <Button isBusy={test.isPending} onClick={() => test.mutate()} disabled={editing.isChanged}>
                  <PlugZap size={16} aria-hidden />
                  Test connection
                </Button>
              </div>
            </section>
          )}
          {mayManage && kept.origin !== 'configuration' && (
            <div>
              <Button onClick={() => setRemoving(true)} className="button-bad">
                <Trash2 size={16} aria-hidden />
                Delete destination
              </Button>
            </div>
          )}
        </div>
        <RemoveDestination destination={isRemoving ? kept : null} onClose={() => setRemoving(false)} onRemoved={() => go('/destinations')} />
      </div>
      {isEnabled && (
        <section className="card card-body stack over-time" aria-labelledby="over-time">
          <h2 id="over-time">Over time</h2>
          <Curves of={`${kept.channelId}/${id}`} hasQueue />
        </section>
      )}
    </>
  );
}
