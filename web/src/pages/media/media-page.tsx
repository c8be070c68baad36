import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { CloudUpload, Image as ImageIcon, ImageOff, Images, Play, Trash2, Tv } from 'lucide-react';
import { useEffect, useId, useRef, useState, type DragEvent } from 'react';
import { api } from '../../api/client';
import type { Channel, Media } from '../../api/types';
import { PageHead } from '../../app/page-head';
import { useMay } from '../../session/session';
import { Badge } from '../../ui/badge';
import { Button } from '../../ui/button';
import { Confirm, Dialog } from '../../ui/dialog';
import { Empty } from '../../ui/empty';
import { bytes, clock, codecName } from '../../ui/format';
import { Notice } from '../../ui/notice';
import { Loaded, Together } from '../../ui/query';
import { RowMenu, type RowAction } from '../../ui/row-menu';
import { toast } from '../../ui/toasts';
import { UploadList } from './upload-list';
import { uploads } from './uploads';
import './media.css';

const useMedia = () => useQuery({ queryKey: ['media'], queryFn: () => api.get('/api/media') });

const slate = '';

/** Chooses a channel's fallback: a file, or null for the built-in slate. */
function useFallback() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ channelId, file }: { channelId: string; file: Media | null }) =>
      api.post('/api/set_fallback', { body: file === null ? { type: 'slate', channelId } : { type: file.type, filename: file.filename, channelId } }),
    onSuccess: async (_, { channelId, file }) => {
      await Promise.all([queries.invalidateQueries({ queryKey: ['media'] }), queries.invalidateQueries({ queryKey: ['channels'] })]);
      toast.good(`The fallback of ${channelId} is ${file === null ? 'the built-in slate' : file.title}.`);
    },
  });
}

export default function MediaPage() {
  const media = useMedia();
  const channels = useQuery({ queryKey: ['channels'], queryFn: () => api.get('/api/channels') });
  const mayManage = useMay('manage');
  const queries = useQueryClient();
  useEffect(() => {
    uploads.onDone = () => void queries.invalidateQueries({ queryKey: ['media'] });
  }, [queries]);
  return (
    <>
      <PageHead title="Media" lead="Pictures and videos for the fallback, which plays while a source is away." />
      <Together queries={[media, channels]} height={480}>
        <div className="stack media-page">
          <Fallbacks channels={channels.data ?? []} media={media.data ?? []} />
          {mayManage && <DropZone />}
          <Loaded query={media}>
            {files =>
              files.length === 0 ? (
                <div className="card">
                  <Empty icon={Images} title="The library is empty">
                    <p>Until you choose something, the built-in slate plays: a quiet picture that says the stream is about to go on.</p>
                  </Empty>
                </div>
              ) : (
                <ul className="media-grid" aria-label="Files">
                  {[...files].reverse().map(file => (
                    <File key={file.filename} file={file} channels={channels.data ?? []} />
                  ))}
                </ul>
              )
            }
          </Loaded>
        </div>
      </Together>
    </>
  );
}

/** What plays on each channel, and another choice. */
function Fallbacks({ channels, media }: { channels: readonly Channel[]; media: readonly Media[] }) {
  return (
    <section className="card" aria-labelledby="fallbacks">
      <div className="card-head">
        <h2 id="fallbacks">What plays as fallback</h2>
      </div>
      <ul className="rows">
        {channels.map(channel => (
          <FallbackRow key={channel.id} channel={channel} media={media} />
        ))}
      </ul>
    </section>
  );
}

function FallbackRow({ channel, media }: { channel: Channel; media: readonly Media[] }) {
  const id = useId();
  const mayManage = useMay('manage');
  const choose = useFallback();
  const { fallbackMedia, fallbackType } = channel.settings;
  const file = media.find(({ filename }) => filename === fallbackMedia);
  // A file that config.yml names is not in the library: it is shown, and cannot be chosen again.
  const configured = fallbackType !== 'slate' && fallbackMedia === null;
  const pending = choose.isPending ? (choose.variables.file?.filename ?? slate) : null;
  return (
    <li className="fallback">
      {file && !file.missing ? <img src={file.thumbnailUrl} alt="" width={64} height={36} /> : <span className="fallback-slate" aria-hidden>
          <ImageIcon size={16} />
        </span>}
      <label htmlFor={id}>{channel.id}</label>
      <select
        id={id}
        className="input"
        value={pending ?? (configured ? 'configured' : (fallbackMedia ?? slate))}
        disabled={!mayManage || choose.isPending}
        onChange={event => choose.mutate({ channelId: channel.id, file: media.find(({ filename }) => filename === event.target.value) ?? null })}
      >
        <option value={slate}>Built-in slate</option>
        {configured && (
          <option value="configured" disabled>
            The {fallbackType} of config.yml
          </option>
        )}
        {media
          .filter(({ missing }) => !missing)
          .map(({ filename, title, type }) => (
            <option key={filename} value={filename}>
              {`${title} (${type === 'image' ? 'picture' : 'video'})`}
            </option>
          ))}
      </select>
    </li>
  );
}

/** Takes files by drag and drop or by the picker, several at once. */
function DropZone() {
  const [isOver, setOver] = useState(false);
  const picker = useRef<HTMLInputElement>(null);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    uploads.add([...event.dataTransfer.files]);
  };
  return (
    <section className="stack" aria-label="Upload">
      {/* The button inside does the same by keyboard. */}
      {/* eslint-disable-next-line jsx-a11y/no-static-element-interactions */}
      <div
        className={isOver ? 'drop drop-over' : 'drop'}
        data-testid="drop-zone"
        onDragOver={event => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <CloudUpload size={26} aria-hidden />
        <p>
          <strong>Drop pictures or videos here</strong>
        </p>
        <p className="soft small">PNG, JPEG, WebP, GIF; MP4, MOV, MKV, WebM, TS, FLV. Uploads go on after a broken connection.</p>
        <Button onClick={() => picker.current?.click()}>Choose files</Button>
        <input
          ref={picker}
          className="hidden-visually"
          type="file"
          multiple
          tabIndex={-1}
          aria-label="Files to upload"
          accept="image/png,image/jpeg,image/webp,image/gif,video/*,.mkv,.ts,.flv"
          onChange={event => {
            uploads.add([...(event.target.files ?? [])]);
            // The same file can be chosen again.
            event.target.value = '';
          }}
        />
      </div>
      <UploadList queue={uploads} />
    </section>
  );
}

const factsOf = (file: Media) =>
  [`${file.width}×${file.height}`, ...(file.durationSeconds === null ? [] : [clock(file.durationSeconds)]), bytes(file.size), ...(file.type === 'video' ? [codecName(file.codec), file.hasAudio ? 'with sound' : 'no sound'] : [])].join(' · ');

function File({ file, channels }: { file: Media; channels: readonly Channel[] }) {
  const [open, setOpen] = useState<'preview' | 'delete' | null>(null);
  const mayManage = useMay('manage');
  const choose = useFallback();
  const others = channels.filter(({ id }) => !file.usedBy.includes(id));
  const actions: RowAction[] = mayManage
    ? [
        ...(file.missing
          ? []
          : others.map(({ id }) => ({ title: channels.length === 1 ? 'Use as fallback' : `Use as fallback of ${id}`, icon: Tv, onSelect: () => choose.mutate({ channelId: id, file }) }))),
        { title: 'Delete…', icon: Trash2, onSelect: () => setOpen('delete'), isDanger: true },
      ]
    : [];
  return (
    <li className="card media-file">
      <button type="button" className="media-picture" onClick={() => setOpen('preview')} disabled={file.missing} aria-label={`Preview ${file.title}`}>
        {file.missing ? <ImageOff size={26} aria-hidden /> : <img src={file.thumbnailUrl} alt="" loading="lazy" />}
        {file.type === 'video' && !file.missing && <Play size={22} className="media-play" aria-hidden />}
      </button>
      <div className="media-words">
        <div>
          <h3>{file.title}</h3>
          <p className="soft small numbers">{factsOf(file)}</p>
        </div>
        <RowMenu label={`More for ${file.title}`} actions={actions} />
      </div>
      <div className="media-badges">
        {file.usedBy.map(id => (
          <Badge key={id} tone="good" icon={Tv}>
            Fallback of {id}
          </Badge>
        ))}
        {file.missing && (
          <Badge tone="bad" icon={ImageOff}>
            File is gone
          </Badge>
        )}
        {mayManage && !file.missing && file.usedBy.length === 0 && channels.length === 1 && channels[0] && (
          <Button isSmall isBusy={choose.isPending} onClick={() => choose.mutate({ channelId: channels[0]?.id ?? '', file })} aria-label={`Use as fallback: ${file.title}`}>
            Use as fallback
          </Button>
        )}
      </div>
      <Dialog isOpen={open === 'preview'} onOpenChange={isOpen => setOpen(isOpen ? 'preview' : null)} isWide title={file.title} description={factsOf(file)}>
        {file.type === 'video' ? (
          <video className="media-preview" src={file.url} controls autoPlay muted loop playsInline />
        ) : (
          <img className="media-preview" src={file.url} alt={file.title} />
        )}
      </Dialog>
      <DeleteFile file={file} isOpen={open === 'delete'} onOpenChange={isOpen => setOpen(isOpen ? 'delete' : null)} />
    </li>
  );
}

function DeleteFile({ file, isOpen, onOpenChange }: { file: Media; isOpen: boolean; onOpenChange: (isOpen: boolean) => void }) {
  const queries = useQueryClient();
  if (file.usedBy.length > 0) {
    return (
      <Dialog isOpen={isOpen} onOpenChange={onOpenChange} title={`${file.title} is in use`} description="It cannot be deleted as long as a channel has it as fallback.">
        <div className="stack dialog-form">
          <Notice tone="warn">
            It is the fallback of <strong>{file.usedBy.join(', ')}</strong>. Choose another there first, or the built-in slate.
          </Notice>
          <div className="dialog-foot">
            <Button look="primary" onClick={() => onOpenChange(false)}>
              Close
            </Button>
          </div>
        </div>
      </Dialog>
    );
  }
  const remove = async () => {
    await api.post('/api/delete_media', { body: { filename: file.filename } });
    toast.good(`${file.title} is deleted.`);
    void queries.invalidateQueries({ queryKey: ['media'] });
  };
  return (
    <Confirm isOpen={isOpen} onOpenChange={onOpenChange} title={`Delete ${file.title}?`} action="Delete file" onConfirm={remove}>
      The file is removed from the server ({bytes(file.size)}). No channel uses it. This cannot be taken back.
    </Confirm>
  );
}
