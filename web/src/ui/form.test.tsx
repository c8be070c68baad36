import { cleanup, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useCallback, useState } from 'react';
import { afterEach, expect, it } from 'vitest';
import { ApiError } from '../api/problem';
import { Field, Form, sortErrors, useForm } from './form';

afterEach(cleanup);

const refusal = new ApiError(400, 'invalid_request', 'The request has wrong fields.', null, [
  { field: '/url', message: 'must begin with rtmp:// or rtmps://' },
  { field: '/settings/queueLimitMs', message: 'must be a number' },
], null);

const fields = ['name', 'url'];

function Sample({ failures }: { failures: unknown[] }) {
  const [url, setUrl] = useState('');
  const submit = useCallback(() => {
    const failure = failures.shift();
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- it is an error or undefined
    return failure === undefined ? Promise.resolve() : Promise.reject(failure);
  }, [failures]);
  const state = useForm(fields, submit);
  return (
    <Form state={state}>
      <Field label="Address" name="url" value={url} onChange={setUrl} state={state} hint="Of the server" />
      <button type="submit">Save</button>
    </Form>
  );
}

it('shows an error beside its field, keeps what was entered, and takes the error away when it is right', async () => {
  const user = userEvent.setup();
  render(<Sample failures={[refusal]} />);
  const field = screen.getByLabelText('Address');
  await user.type(field, 'http://x');
  await user.click(screen.getByText('Save'));
  await waitFor(() => expect(field.getAttribute('aria-invalid')).toBe('true'));
  const described = field.getAttribute('aria-describedby')?.split(' ').map(id => document.getElementById(id)?.textContent);
  expect(described).toEqual(['Of the server', 'Must begin with rtmp:// or rtmps://']);
  expect(screen.getByRole('alert').textContent).toBe('settings/queueLimitMs must be a number.');
  expect((field as HTMLInputElement).value).toBe('http://x');
  await waitFor(() => expect(document.activeElement).toBe(field));
  await user.click(screen.getByText('Save'));
  await waitFor(() => expect(field.getAttribute('aria-invalid')).toBe('false'));
  expect(screen.queryByRole('alert')).toBeNull();
});

it('says what belongs to no field', () => {
  expect(sortErrors(new Error('The server cannot be reached.'), new Set(['url']))).toEqual({ isBusy: false, errors: {}, problem: 'The server cannot be reached.' });
});

it('shows what is wrong with an entry at its list', () => {
  const wrong = new ApiError(400, 'invalid_request', 'Wrong.', null, [{ field: '/events/1', message: 'must be a type' }], null);
  expect(sortErrors(wrong, new Set(['events']))).toEqual({ isBusy: false, errors: { events: 'must be a type' }, problem: null });
});
