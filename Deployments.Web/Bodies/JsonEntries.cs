using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace Deployments.Web.Bodies;

/// <summary>
/// Takes what stands in one list of a JSON document - the document itself, or a property of it - entry by entry, and
/// holds no more than one of them at a time. Everything else is passed over, however long.
/// </summary>
/// <param name="input">UTF-8, with or without its preamble.</param>
/// <param name="property">The property of the document whose array or object is read; null: the document is it.</param>
/// <param name="bytesMax">What an entry may at most be long.</param>
sealed class JsonEntries(Stream input, string? property, int bytesMax)
{
    enum Place
    {
        Before,
        Document,
        Value,
        Passing,
        List,
        Behind,
    }

    byte[] buffer = new byte[64 << 10];
    int start;
    int end;
    bool isAll;
    JsonReaderState state;
    Place place;
    int passedDepth;
    string? name;

    /// <summary>The entries, with their names in an object. Bytes hold until the next is asked for.</summary>
    /// <param name="ct">Ends the reading.</param>
    /// <exception cref="JsonException">
    /// Thrown by the enumeration where the document is damaged, is another, or an entry is too long.
    /// </exception>
    public async IAsyncEnumerable<(string? Name, ReadOnlyMemory<byte> Json)> ReadAsync(
        [EnumeratorCancellation] CancellationToken ct)
    {
        await FillAsync(ct);
        if (buffer.AsSpan(0, end).StartsWith(Encoding.UTF8.Preamble))
            start = Encoding.UTF8.Preamble.Length;
        while (place != Place.Behind)
        {
            if (TryTake(out var from, out var length))
            {
                if (length > 0)
                    yield return (name, buffer.AsMemory(from, length));
                continue;
            }

            if (isAll)
                throw new JsonException("The document ends too early.");
            await FillAsync(ct);
        }
    }

    // False when more bytes are needed; a length of 0 where what was taken is no entry.
    bool TryTake(out int from, out int length)
    {
        var reader = new Utf8JsonReader(buffer.AsSpan(start, end - start), isAll, state);
        (from, length) = (0, 0);
        if (!reader.Read())
            return false;
        switch (place)
        {
            case Place.Before:
                place = reader.TokenType switch
                {
                    JsonTokenType.StartArray when property is null => Place.List,
                    JsonTokenType.StartObject when property is not null => Place.Document,
                    _ => throw new JsonException(property is null ? "An array is expected." : "An object is expected."),
                };
                break;
            case Place.Document:
                place = reader.TokenType == JsonTokenType.EndObject ? Place.Behind
                    : reader.ValueTextEquals(property) ? Place.Value : Place.Passing;
                passedDepth = reader.CurrentDepth;
                break;
            case Place.Value when reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject:
                place = Place.List;
                break;
            case Place.Value or Place.Passing:
                if (reader.CurrentDepth == passedDepth
                    && reader.TokenType is not (JsonTokenType.StartArray or JsonTokenType.StartObject))
                    place = Place.Document;
                break;
            default:
                if (reader.TokenType is JsonTokenType.EndArray or JsonTokenType.EndObject)
                {
                    place = property is null ? Place.Behind : Place.Document;
                    break;
                }

                if (reader.TokenType == JsonTokenType.PropertyName)
                {
                    name = reader.GetString();
                    break;
                }

                var begin = (int)reader.TokenStartIndex;
                if (!reader.TrySkip())
                    return false;
                (from, length) = (start + begin, (int)reader.BytesConsumed - begin);
                break;
        }

        start += (int)reader.BytesConsumed;
        state = reader.CurrentState;
        return true;
    }

    async Task FillAsync(CancellationToken ct)
    {
        if (start > 0)
            buffer.AsSpan(start, end - start).CopyTo(buffer);
        (start, end) = (0, end - start);
        if (end == buffer.Length)
        {
            if (buffer.Length >= bytesMax)
                throw new JsonException($"An entry is longer than {bytesMax >> 10} KB.");
            Array.Resize(ref buffer, Math.Min(buffer.Length * 2, bytesMax));
        }

        var read = await input.ReadAsync(buffer.AsMemory(end), ct);
        end += read;
        isAll = read == 0;
    }
}
