import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, it, vi } from 'vitest';
import type { Me, User } from '../../api/types';
import { MeProvider } from '../../session/session';
import { UserDialog } from './user-dialog';

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

it('sends only what was changed, so that a colleague is not overruled', async () => {
  const bodies: unknown[] = [];
  vi.stubGlobal('fetch', (_: string, init: RequestInit) => {
    bodies.push(JSON.parse(init.body as string));
    return Promise.resolve(Response.json({}));
  });
  const user = { id: 'usr_1', name: 'anna', role: 'owner', enabled: true, createdAt: '2026-01-01T00:00:00Z', hasPassword: true, linkExpiresAt: null } as User;
  const onClose = vi.fn();
  render(
    <QueryClientProvider client={new QueryClient()}>
      <MeProvider me={{ user: null, permissions: ['administer'] } as unknown as Me}>
        <UserDialog user={user} isLast onClose={onClose} />
      </MeProvider>
    </QueryClientProvider>,
  );
  await userEvent.type(screen.getByLabelText('Name'), 'bel');
  await userEvent.click(screen.getByText('Save'));
  await waitFor(() => expect(onClose).toHaveBeenCalled());
  expect(bodies).toEqual([{ name: 'annabel' }]);
});
