using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace Deployments.Web.Api;

/// <summary>
/// Reads the items of a JSON array of any length one by one. The serializer's own enumeration reads ahead, and damage
/// that it meets there loses the good items before it.
/// </summary>
static class JsonArrayReader
{
    /// <param name="body">The array, in UTF-8.</param>
    /// <param name="itemBytesMax">What an item may at most be long.</param>
    /// <param name="ct">Ends the reading.</param>
    /// <exception cref="JsonException">Thrown by the enumeration where the array is damaged.</exception>
    public static async IAsyncEnumerable<JsonElement> ReadAsync(
        PipeReader body, int itemBytesMax, [EnumeratorCancellation] CancellationToken ct)
    {
        var place = new Place();
        while (true)
        {
            var read = await body.ReadAsync(ct);
            var rest = read.Buffer;
            try
            {
                rest = place.WithoutPreamble(rest, read.IsCompleted);
                while (place.TryTake(ref rest, read.IsCompleted, out var item))
                    yield return item;
                if (read.IsCompleted)
                    yield break;
                if (rest.Length > itemBytesMax)
                    throw new JsonException($"The item is longer than {itemBytesMax} bytes.");
            }
            finally
            {
                // However it ends: the server closes a connection whose body it cannot read to its end.
                body.AdvanceTo(rest.Start, read.Buffer.End);
            }
        }
    }

    /// <summary>How far the array has been read.</summary>
    sealed class Place
    {
        JsonReaderState state;
        bool isPastPreamble;

        public ReadOnlySequence<byte> WithoutPreamble(ReadOnlySequence<byte> buffer, bool isAll)
        {
            var preamble = Encoding.UTF8.Preamble;
            if (isPastPreamble || (buffer.Length < preamble.Length && !isAll))
                return buffer;
            isPastPreamble = true;
            return buffer.Length >= preamble.Length
                && buffer.Slice(0, preamble.Length).ToArray().AsSpan().SequenceEqual(preamble)
                ? buffer.Slice(preamble.Length)
                : buffer;
        }

        /// <summary>Takes one item off the buffer; false when it takes more bytes, or the array has ended.</summary>
        public bool TryTake(ref ReadOnlySequence<byte> buffer, bool isAll, out JsonElement item)
        {
            item = default;
            if (!isPastPreamble)
                return false;
            var reader = new Utf8JsonReader(buffer, isAll, state);
            var before = reader;
            while (reader.Read())
            {
                if (!IsBracket(reader))
                {
                    if (!JsonDocument.TryParseValue(ref reader, out var document))
                        break;
                    item = document.RootElement.Clone();
                    document.Dispose();
                    before = reader;
                    break;
                }

                before = reader;
            }

            state = before.CurrentState;
            buffer = buffer.Slice(before.BytesConsumed);
            return item.ValueKind != JsonValueKind.Undefined;
        }

        // The array's own, that is: depth counts what encloses a token.
        static bool IsBracket(in Utf8JsonReader reader) =>
            reader.CurrentDepth == 0
            && (reader.TokenType is JsonTokenType.StartArray or JsonTokenType.EndArray
                ? true
                : throw new JsonException("An array is expected."));
    }
}
