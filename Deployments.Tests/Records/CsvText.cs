using Microsoft.VisualBasic.FileIO;

namespace Deployments.Tests.Records;

/// <summary>CSV as somebody else's reader understands it.</summary>
static class CsvText
{
    public static IReadOnlyList<string[]> Read(string text)
    {
        using var reader = new TextFieldParser(new StringReader(text))
        {
            Delimiters = [","],
            HasFieldsEnclosedInQuotes = true,
            TrimWhiteSpace = false,
        };
        var rows = new List<string[]>();
        while (!reader.EndOfData)
            rows.Add(reader.ReadFields()!);
        return rows;
    }
}
