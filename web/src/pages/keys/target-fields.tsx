import { useQuery } from '@tanstack/react-query';
import { api } from '../../api/client';
import type { FormState } from '../../ui/form';
import { SelectField } from '../../ui/choice';

export const useChannels = () => useQuery({ queryKey: ['channels'], queryFn: () => api.get('/api/channels') });

export interface TargetFieldsProps {
  channel: string;
  source: string;
  onChannel: (id: string) => void;
  onSource: (id: string) => void;
  state: FormState;
  /** A choice before the sources, with an empty id. */
  program?: string;
}

/** Which source of which channel. */
export function TargetFields({ channel, source, onChannel, onSource, state, program }: TargetFieldsProps) {
  const channels = useChannels().data ?? [];
  const sources = (channels.find(({ id }) => id === channel)?.sources ?? []).map(({ id }) => ({ value: id, label: id === 'main' ? 'main source' : `${id} source` }));
  return (
    <div className="field-columns">
      <SelectField
        label="Channel"
        name="channelId"
        value={channel}
        onChange={id => {
          onChannel(id);
          onSource(program === undefined ? 'main' : '');
        }}
        state={state}
        options={channels.map(({ id }) => ({ value: id, label: id }))}
      />
      <SelectField label="Source" name="sourceId" value={source} onChange={onSource} state={state} options={[...(program === undefined ? [] : [{ value: '', label: program }]), ...sources]} />
    </div>
  );
}
