using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace Deployments.Web.Bodies;

/// <summary>
/// Cuts a body of any length into its items - the lines of NDJSON, what stands in an array - and holds no more than one
/// of them at a time, and none that is too long: that one is passed over, and the next ones are found.
/// </summary>
static class JsonItems
{
    /// <summary>The lines, without their ends; null for one that is too long.</summary>
    /// <param name="body">UTF-8.</param>
    /// <param name="bytesMax">What a line may at most be long.</param>
    /// <param name="ct">Ends the reading.</param>
    /// <returns>Bytes that hold until the next one is asked for; the last line may have no end.</returns>
    public static IAsyncEnumerable<ReadOnlyMemory<byte>?> LinesAsync(
        PipeReader body, int bytesMax, CancellationToken ct) => CutAsync(body, new LineCutter(bytesMax), ct);

    /// <summary>The items of an array, as they are written; null for one that is too long.</summary>
    /// <param name="body">UTF-8, with or without its preamble.</param>
    /// <param name="bytesMax">What an item may at most be long.</param>
    /// <param name="ct">Ends the reading.</param>
    /// <returns>Bytes that hold until the next one is asked for; whether they are JSON is for the reader.</returns>
    /// <exception cref="JsonException">Thrown by the enumeration where the body is no array, or ends in it.</exception>
    public static IAsyncEnumerable<ReadOnlyMemory<byte>?> ArrayAsync(
        PipeReader body, int bytesMax, CancellationToken ct) => CutAsync(body, new ArrayCutter(bytesMax), ct);

    static async IAsyncEnumerable<ReadOnlyMemory<byte>?> CutAsync(
        PipeReader body, Cutter cutter, [EnumeratorCancellation] CancellationToken ct)
    {
        while (true)
        {
            var read = await body.ReadAsync(ct);
            var rest = read.Buffer;
            try
            {
                while (cutter.TryTake(ref rest, read.IsCompleted))
                    yield return cutter.Item;
                if (read.IsCompleted)
                    yield break;
            }
            finally
            {
                // However it ends: the server closes a connection whose body it cannot read to its end.
                body.AdvanceTo(rest.Start, read.Buffer.End);
            }
        }
    }

    /// <summary>Gathers one item; whatever it looks at it takes off the buffer.</summary>
    abstract class Cutter(int bytesMax)
    {
        readonly ArrayBufferWriter<byte> gathered = new();
        bool isTooLong;

        /// <summary>What was taken; null when it is too long.</summary>
        public ReadOnlyMemory<byte>? Item => isTooLong ? default(ReadOnlyMemory<byte>?) : gathered.WrittenMemory;

        protected bool IsEmpty => !isTooLong && gathered.WrittenCount == 0;

        protected bool IsBlank => !isTooLong && gathered.WrittenSpan.IndexOfAnyExcept(" \t\r\n"u8) < 0;

        /// <summary>Takes one item off the buffer; false when it goes on behind it, or there is none.</summary>
        public abstract bool TryTake(ref ReadOnlySequence<byte> buffer, bool isAll);

        protected void Forget()
        {
            gathered.ResetWrittenCount();
            isTooLong = false;
        }

        protected void Gather(ReadOnlySpan<byte> bytes)
        {
            isTooLong |= gathered.WrittenCount + bytes.Length > bytesMax;
            if (!isTooLong)
                gathered.Write(bytes);
        }
    }

    sealed class LineCutter(int bytesMax) : Cutter(bytesMax)
    {
        bool isWhole = true;

        public override bool TryTake(ref ReadOnlySequence<byte> buffer, bool isAll)
        {
            if (isWhole)
                Forget();
            isWhole = false;
            while (!buffer.IsEmpty)
            {
                var bytes = buffer.FirstSpan;
                var end = bytes.IndexOf((byte)'\n');
                Gather(end < 0 ? bytes : bytes[..end]);
                buffer = buffer.Slice(end < 0 ? bytes.Length : end + 1);
                if (end >= 0)
                    return isWhole = true;
            }

            return isWhole = isAll && !IsEmpty;
        }
    }

    sealed class ArrayCutter(int bytesMax) : Cutter(bytesMax)
    {
        enum Place
        {
            Before,
            First,
            Further,
            Behind,
        }

        Place place;
        bool isWhole = true;
        bool isInText;
        bool isEscaped;
        int depth;
        int preamble;

        public override bool TryTake(ref ReadOnlySequence<byte> buffer, bool isAll)
        {
            if (isWhole)
                Forget();
            isWhole = false;
            while (!buffer.IsEmpty)
            {
                var bytes = buffer.FirstSpan;
                var used = place is Place.First or Place.Further ? TakeFrom(bytes) : PassOver(bytes);
                buffer = buffer.Slice(used);
                if (isWhole)
                    return true;
            }

            if (isAll && place != Place.Behind)
                throw new JsonException(place == Place.Before ? "An array is expected." : "The array has no end.");
            return false;
        }

        // What encloses the array.
        int PassOver(ReadOnlySpan<byte> bytes)
        {
            for (var i = 0; i < bytes.Length; i++)
            {
                if (bytes[i] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
                    continue;
                if (place == Place.Before && preamble < Encoding.UTF8.Preamble.Length
                    && bytes[i] == Encoding.UTF8.Preamble[preamble])
                {
                    preamble++;
                    continue;
                }

                if (place == Place.Behind)
                    throw new JsonException("Something stands behind the array.");
                if (bytes[i] != (byte)'[')
                    throw new JsonException("An array is expected.");
                place = Place.First;
                return i + 1;
            }

            return bytes.Length;
        }

        // As far as the item goes, and over the comma or bracket that ends it.
        int TakeFrom(ReadOnlySpan<byte> bytes)
        {
            var end = EndIn(bytes);
            Gather(end < 0 ? bytes : bytes[..end]);
            if (end < 0)
                return bytes.Length;
            var isLast = bytes[end] == (byte)']';
            if (IsBlank && !(isLast && place == Place.First))
                throw new JsonException("An item is missing.");
            isWhole = !IsBlank;
            place = isLast ? Place.Behind : Place.Further;
            return end + 1;
        }

        int EndIn(ReadOnlySpan<byte> bytes)
        {
            for (var i = 0; i < bytes.Length; i++)
            {
                var letter = bytes[i];
                if (isInText)
                {
                    isInText = isEscaped || letter != (byte)'"';
                    isEscaped = !isEscaped && letter == (byte)'\\';
                    continue;
                }

                if (depth == 0 && letter is (byte)',' or (byte)']')
                    return i;
                isInText = letter == (byte)'"';
                if (letter is (byte)'{' or (byte)'[')
                    depth++;
                else if (letter is (byte)'}' or (byte)']' && depth > 0) // more closed than opened: no JSON
                    depth--;
            }

            return -1;
        }
    }
}
