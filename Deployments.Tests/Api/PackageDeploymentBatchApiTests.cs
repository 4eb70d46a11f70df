using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Deployments.Data.Records;
using Deployments.Tests.Support;
using Deployments.Web.Api;
using Microsoft.AspNetCore.Http;

namespace Deployments.Tests.Api;

/// <summary>Many deployments in one request: what is good is recorded, what is not is named.</summary>
public sealed class PackageDeploymentBatchApiTests(RecordApiFixture fixture) : IClassFixture<RecordApiFixture>
{
    readonly string target = RecordApiFixture.NewTarget();

    [Fact]
    public async Task An_array_is_recorded()
    {
        var report = await SendAsync($"[{Item("1.0.0")},{Item("2.0.0")}]", "application/json");

        Assert.Equal((2L, 0L, 0L), Counts(report));
        var records = await fixture.RecordsAsync(target);
        Assert.Equal(["1.0.0", "2.0.0"], records.Select(record => record.Version));
        Assert.All(records, record => Assert.Equal((short)RecordRoad.Batch, record.Road));
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    [InlineData("\n\n  \n")]
    [InlineData("\r\n\r\n")]
    public async Task Lines_are_recorded_however_they_end(string lineEnd)
    {
        var report = await SendAsync(Item("1.0.0") + lineEnd + Item("2.0.0") + lineEnd);

        Assert.Equal((2L, 0L, 0L), Counts(report));
        Assert.Equal(2, (await fixture.RecordsAsync(target)).Count);
    }

    [Fact]
    public async Task A_byte_order_mark_does_no_harm()
    {
        Assert.Equal((1L, 0L, 0L), Counts(await SendAsync("\ufeff" + Item("1.0.0"))));
        Assert.Equal((1L, 0L, 0L), Counts(await SendAsync($"\ufeff[{Item("1.0.0")}]", "application/json")));
    }

    [Fact]
    public async Task Bad_lines_are_named_by_number_and_the_good_ones_among_them_are_recorded()
    {
        var report = await SendAsync(string.Join('\n',
            Item("1.0.0"), "{ damaged", "", Item(""), Item("2.0.0", ("FeedName", "nowhere")), "7",
            Item("3.0.0", ("Url", "javascript:alert(1)"), ("Date", "2199-01-01")), """{"Target":"\ud800"}""",
            Item("4.0.0")));

        Assert.Equal((2L, 0L, 6L), Counts(report));
        Assert.Equal(["1.0.0", "4.0.0"], (await fixture.RecordsAsync(target)).Select(record => record.Version));
        var errors = Errors(report);
        Assert.Equal([2, 4, 5, 6, 7, 8], errors.Keys.Order());
        Assert.StartsWith("The body is not valid JSON", Assert.Single(errors[2]), StringComparison.Ordinal);
        Assert.StartsWith("Version: is missing", Assert.Single(errors[4]), StringComparison.Ordinal);
        Assert.Contains("nowhere", Assert.Single(errors[5]), StringComparison.Ordinal);
        Assert.Equal(["Date", "Url"], errors[7].Select(line => line.Split(':')[0]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Bad_items_of_an_array_do_not_keep_the_others_out()
    {
        var report = await SendAsync(
            $$"""[{{Item("1.0.0")}}, 7, null, {"Target":"\ud800"}, {{Item("")}}, {{Item("2.0.0")}}]""",
            "application/json");

        Assert.Equal((2L, 0L, 4L), Counts(report));
        Assert.Equal([2, 3, 4, 5], Errors(report).Keys.Order());
        Assert.Equal(["1.0.0", "2.0.0"], (await fixture.RecordsAsync(target)).Select(record => record.Version));
    }

    [Theory]
    [InlineData("{ damaged }, ")]
    [InlineData("]")]
    [InlineData("")]
    public async Task What_comes_before_damage_in_an_array_is_recorded_and_the_damage_is_told(string damage)
    {
        var report = await SendAsync(
            $"[{Item("1.0.0")},{Item("2.0.0")},{damage}" + (damage.Length > 1 ? Item("3.0.0") + "]" : ""),
            "application/json");

        Assert.Equal((2L, 0L, 1L), Counts(report));
        Assert.Equal(3, Assert.Single(Errors(report)).Key);
        Assert.Equal(["1.0.0", "2.0.0"], (await fixture.RecordsAsync(target)).Select(record => record.Version));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("7")]
    [InlineData("")]
    public async Task What_is_no_array_is_told(string body)
    {
        var report = await SendAsync(body, "application/json");

        Assert.Equal((0L, 0L, 1L), Counts(report));
    }

    [Theory]
    [InlineData("application/x-ndjson")]
    [InlineData("application/json")]
    public async Task Ten_thousand_items_are_recorded(string contentType)
    {
        var items = Enumerable.Range(1, 10_000).Select(i => Item($"1.0.{i}"));
        var report = await SendAsync(
            contentType == "application/json" ? $"[{string.Join(",\n", items)}]" : string.Join('\n', items),
            contentType);

        Assert.Equal((10_000L, 0L, 0L), Counts(report));
        Assert.Equal(10_000, (await fixture.RecordsAsync(target)).Count);
    }

    [Theory]
    [InlineData("application/x-ndjson")]
    [InlineData("application/json")]
    public async Task An_item_of_any_length_is_named_and_passed_over(string contentType)
    {
        var isArray = contentType == "application/json";
        using var body = new EndlessItem(
            Encoding.UTF8.GetBytes(isArray ? $"[{Item("1.0.0")}," : Item("1.0.0") + "\n"),
            Encoding.UTF8.GetBytes(isArray ? $",{Item("2.0.0")}]" : $"\n{Item("2.0.0")}"));
        using var content = new StreamContent(body);
        content.Headers.TryAddWithoutValidation("Content-Type", contentType);

        using var answer = await fixture.App.Admin.PostAsync(RecordApiFixture.Batch, content);

        var report = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal((2L, 0L, 1L), Counts(report));
        Assert.Equal("It is longer than 64 KB.", Assert.Single(Errors(report)[2]));
        Assert.Equal(["1.0.0", "2.0.0"], (await fixture.RecordsAsync(target)).Select(record => record.Version));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_item_of_any_length_is_passed_over_in_little_memory(bool isArray)
    {
        await using var body = new EndlessItem(isArray ? "["u8.ToArray() : [], isArray ? "]"u8.ToArray() : []);
        var context = new DefaultHttpContext { Request = { Body = body } };
        var before = GC.GetAllocatedBytesForCurrentThread(); // the body never makes anybody wait: nothing hops

        var items = isArray ? DeploymentItems.ArrayAsync(context) : DeploymentItems.LinesAsync(context);
        await foreach (var item in items)
            Assert.Equal("It is longer than 64 KB.", item.Problem);

        Assert.Equal(body.Length, body.Position);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, EndlessItem.Bytes / 8);
    }

    [Theory]
    [InlineData("[")]
    [InlineData("[\"a, ] }")]
    [InlineData("[,]")]
    [InlineData("[1,,2]", 1)]
    [InlineData("[1] 2", 1)]
    [InlineData("[1]]", 1)]
    [InlineData("[}]")]
    [InlineData("[1 2]")]
    [InlineData("x[1]")]
    public async Task Damage_in_an_array_is_told_once(string body, int before = 0)
    {
        var errors = Errors(await SendAsync(body, "application/json"));

        Assert.Equal(before + 1, errors.Count);
        Assert.StartsWith("The JSON ends here", errors[before + 1][0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Brackets_commas_and_quotes_within_texts_end_no_item()
    {
        var report = await SendAsync(
            $"\ufeff [ {Item("1.0.0", ("Description", "a\\\",]}[{"))} , {Item("2.0.0", ("Description", "\\"))} ] ",
            "application/json");

        Assert.Equal((2L, 0L, 0L), Counts(report));
        Assert.Equal(["a\\\",]}[{", "\\"], (await fixture.RecordsAsync(target)).Select(record => record.Description));
    }

    [Fact]
    public async Task Thousands_of_unknown_feeds_are_told_without_waiting_for_each()
    {
        // Each would have cost a quarter of a second: an hour in all.
        var report = await SendAsync(string.Join('\n', Enumerable.Range(0, 15_000).Select(i =>
            Item("1.0.0", ("FeedName", i % 2 == 0 ? "nowhere" : $"nowhere-{i / 20}")))));

        Assert.Equal((0L, 0L, 15_000L), Counts(report));
    }

    [Fact]
    public async Task Duplicates_with_a_date_are_counted_and_recorded_once()
    {
        var item = Item("1.0.0", ("Date", "2026-01-31T08:15:00Z"));
        Assert.Equal((1L, 1L, 0L), Counts(await SendAsync($"{item}\n{item}")));
        Assert.Equal((0L, 2L, 0L), Counts(await SendAsync($"[{item},{item}]", "application/json")));

        Assert.Single(await fixture.RecordsAsync(target));
    }

    [Fact]
    public async Task Arrays_whole_and_damaged_leave_the_connection_open()
    {
        var connections = 0;
        using var client = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (context, ct) =>
            {
                connections++;
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(context.DnsEndPoint, ct);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });
        client.DefaultRequestHeaders.Add("X-ApiKey", TestApp.ApiKey);
        foreach (var body in new[] { $"[{Item("1.0.0")}]", "[]", "{}", "[{ damaged }, 7]", $"[{Item("2.0.0")}", "[]" })
        {
            using var content = new StringContent(body, Encoding.UTF8, "application/json");
            using var answer = await client.PostAsync(new Uri(fixture.App.Url, RecordApiFixture.Batch), content);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            await answer.Content.ReadAsStringAsync();
        }

        Assert.Equal(1, connections);
    }

    [Theory]
    [InlineData("text/csv")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData(null)]
    public async Task Another_content_type_is_refused(string? contentType)
    {
        var answer = await fixture.SendWithKeyAsync(RecordApiFixture.Batch, Item("1.0.0"), contentType);

        Assert.Equal((HttpStatusCode.UnsupportedMediaType, "text/plain"), (answer.Status, answer.MediaType));
    }

    [Fact]
    public async Task It_needs_a_key_that_may_record()
    {
        var (viewer, _) = await fixture.NewKeyAsync(new { type = "Feed", packagePermissions = new[] { "view" } });
        foreach (var key in new[] { "", "no-such-key-1234567890", viewer })
        {
            var answer = await fixture.SendAsync(
                RecordApiFixture.Batch, Item("1.0.0"), "application/x-ndjson", ("X-ApiKey", key));
            Assert.Equal((HttpStatusCode.Forbidden, "text/plain"), (answer.Status, answer.MediaType));
        }

        Assert.Empty(await fixture.RecordsAsync(target));
    }

    [Fact]
    public async Task A_key_for_one_feed_records_in_that_feed_only()
    {
        var (key, _) = await fixture.NewKeyAsync(
            new { type = "Feed", feed = "other", packagePermissions = new[] { "add" } });
        var answer = await fixture.SendAsync(RecordApiFixture.Batch,
            $"{Item("1.0.0")}\n{Item("2.0.0", ("FeedName", "other"))}", "application/x-ndjson", ("X-ApiKey", key));

        Assert.Equal((1L, 0L, 1L), Counts(JsonDocument.Parse(answer.Body).RootElement));
        Assert.Equal("2.0.0", Assert.Single(await fixture.RecordsAsync(target)).Version);
    }

    async Task<JsonElement> SendAsync(string body, string contentType = "application/x-ndjson")
    {
        var answer = await fixture.SendWithKeyAsync(RecordApiFixture.Batch, body, contentType);
        Assert.True(answer.Status == HttpStatusCode.OK, $"{(int)answer.Status} {answer.Body}");
        return JsonDocument.Parse(answer.Body).RootElement;
    }

    static (long Recorded, long Duplicates, long Failed) Counts(JsonElement report) =>
        (report.GetProperty("recorded").GetInt64(), report.GetProperty("duplicates").GetInt64(),
            report.GetProperty("failed").GetInt64());

    /// <summary>An item of 100 MB that is nowhere as a whole, between two pieces of text.</summary>
    sealed class EndlessItem(byte[] head, byte[] tail) : Stream
    {
        public const long Bytes = 100L << 20;

        static readonly byte[] Beginning = "{\"Description\":\""u8.ToArray();
        static readonly byte[] Ending = "\"}"u8.ToArray();

        long at;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => head.Length + Beginning.Length + Bytes + Ending.Length + tail.Length;

        public override long Position { get => at; set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            var start = 0L;
            foreach (var (piece, length) in new (byte[]?, long)[]
                {
                    (head, head.Length), (Beginning, Beginning.Length), (null, Bytes), (Ending, Ending.Length),
                    (tail, tail.Length),
                })
            {
                if (at < start + length)
                {
                    var count = (int)Math.Min(buffer.Length, start + length - at);
                    if (piece is null)
                        buffer[..count].Fill((byte)'x');
                    else
                        piece.AsSpan((int)(at - start), count).CopyTo(buffer);
                    at += count;
                    return count;
                }

                start += length;
            }

            return 0;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            ValueTask.FromResult(Read(buffer.Span));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }

    static Dictionary<int, string[]> Errors(JsonElement report) => report.GetProperty("errors").EnumerateArray()
        .ToDictionary(error => error.GetProperty("line").GetInt32(),
            error => error.GetProperty("errors").EnumerateArray().Select(text => text.GetString()!).ToArray());

    string Item(string version, params (string Name, string Value)[] changes)
    {
        var properties = new Dictionary<string, string>
        {
            ["FeedName"] = "main",
            ["PackageName"] = "Acme.Web",
            ["Version"] = version,
            ["Application"] = "BuildMaster",
            ["Description"] = "",
            ["Target"] = target,
        };
        foreach (var (name, value) in changes)
            properties[name] = value;
        return JsonSerializer.Serialize(properties);
    }
}
