import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { api } from '../../api/client';
import { useIdempotencyKey } from '../../api/idempotency';
import { PageHead } from '../../app/page-head';
import { PlatformHelp, PlatformTiles, refilled } from '../../platforms/choice';
import { platforms, type Platform } from '../../platforms/platforms';
import { Button } from '../../ui/button';
import { Form, useForm } from '../../ui/form';
import { toast } from '../../ui/toasts';
import { DestinationFields } from './destination-fields';
import { bodyOf, fieldNames, valuesOf, type DestinationValues } from './values';

const [first] = platforms;

/** Another destination, on any channel. It is kept switched off: going live with it is a decision of its own. */
export function NewDestination() {
  const [platform, setPlatform] = useState<Platform | undefined>(first);
  const [values, setValues] = useState<DestinationValues>(() =>
    valuesOf({ name: first?.name ?? '', platform: first?.kind ?? 'custom', url: first?.url ?? '', playbackUrl: '', channelId: 'main', settings: {} }),
  );
  const channels = useQuery({ queryKey: ['channels'], queryFn: () => api.get('/api/channels') });
  const queries = useQueryClient();
  const [, go] = useLocation();
  const idempotencyKey = useIdempotencyKey();

  const set = (name: keyof DestinationValues) => (value: string) => setValues(before => ({ ...before, [name]: value }));
  const choose = (next: Platform) => {
    setValues({ ...values, ...refilled(values, platform, next), platform: next.kind });
    setPlatform(next);
  };

  const submit = useCallback(async () => {
    const body = { ...bodyOf(values), name: values.name, url: values.url.trim(), enabled: false };
    const made = await api.post('/api/destinations', { body, idempotencyKey: idempotencyKey(body) });
    await queries.invalidateQueries({ queryKey: ['destinations'] });
    toast.good(`${made.name} is added, and switched off.`);
    go(`/destinations/${made.id}`);
  }, [go, idempotencyKey, queries, values]);
  const state = useForm(fieldNames, submit);

  return (
    <>
      <PageHead title="New destination" lead="It is kept switched off. Test it first; then switch it on." />
      <Form state={state}>
        <PlatformTiles chosen={platform} onChoose={choose} />
        <div className="form-with-help">
          <section className="card card-body stack" aria-label="Destination">
            <DestinationFields values={values} set={set} state={state} channels={(channels.data ?? []).map(({ id }) => id)} urlExample={platform?.urlExample} />
            <div className="form-foot">
              <Link href="/destinations" className="button">
                Cancel
              </Link>
              <Button type="submit" look="primary" isBusy={state.isBusy}>
                Add destination
              </Button>
            </div>
          </section>
          {platform && <PlatformHelp platform={platform} />}
        </div>
      </Form>
    </>
  );
}
