using Deployments.Data.Records;
using Deployments.Tests.Support;

namespace Deployments.Tests.Records;

public sealed class CsvCellTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("plain", "plain")]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData("say \"hi\"", "\"say \"\"hi\"\"\"")]
    [InlineData("two\nlines", "\"two\nlines\"")]
    [InlineData("two\r\nlines", "\"two\r\nlines\"")]
    [InlineData(" blank ", "\" blank \"")]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("+1", "'+1")]
    [InlineData("-1", "'-1")]
    [InlineData("@SUM(A1)", "'@SUM(A1)")]
    [InlineData("\t=1", "'\t=1")]
    [InlineData("\r=1", "\"'\r=1\"")]
    [InlineData("  =1", "'  =1")]
    [InlineData("\u00a0\u200f=1", "'\u00a0\u200f=1")]
    [InlineData("\uff1d1", "'\uff1d1")]
    [InlineData("\u3000\uff201", "'\u3000\uff201")]
    [InlineData("=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\"")]
    [InlineData("1-1", "1-1")]
    [InlineData("Änne 😀", "Änne 😀")]
    public void A_cell_is_quoted_where_needed_and_never_a_formula(string text, string cell) =>
        Assert.Equal(cell, CsvCell.Write(text));

    [Fact]
    public async Task The_database_takes_the_same_texts_for_formulas()
    {
        string[] texts =
        [
            // Every character up to the wide forms, alone and before a formula, but for halves of pairs.
            .. Enumerable.Range(1, 0xffff).Where(code => code is < 0xd800 or > 0xdfff)
                .SelectMany(code => new[] { $"{(char)code}x", $"{(char)code}=1" }),
            "😀=1", "a=1", "= 1", "''=1",
        ];
        await using var database = await TestDatabase.CreateAsync();
        await using var command = database.DataSource.CreateCommand(
            "select csv_cell(text) from unnest($1::text[]) with ordinality as given (text, place) order by place");
        command.Parameters.Add(new() { Value = texts });
        await using var reader = await command.ExecuteReaderAsync();
        var differing = new List<string>();
        foreach (var text in texts)
        {
            Assert.True(await reader.ReadAsync());
            if (reader.GetString(0) != (CsvCell.IsFormula(text) ? "'" : "") + text)
                differing.Add($"{(int)text[0]:x4}");
        }

        Assert.Empty(differing);
    }
}
