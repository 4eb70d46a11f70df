using System.Text.Json;
using Deployments.Data.Ledger;

namespace Deployments.Tests.Ledger;

/// <summary>The text that is hashed: canonical, and unmistakable whatever is in it.</summary>
public sealed class LeafTextTests
{
    [Fact]
    public void It_is_the_canonical_form_of_RFC_8785()
    {
        var text = new LeafText().Begin("test/1").Add("a", "€$\u000f\nA'B\"\\\\\"/\u007f\u2028").Add("b", null)
            .Add("c", "😀").End();
        // The string of the RFC's own example, section 3.2.2.
        Assert.Equal("{\"@kind\":\"test/1\",\"a\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\u007f\u2028\",\"c\":\"😀\"}",
            text.ToString());
    }

    [Fact]
    public void Every_character_comes_back_from_it()
    {
        var all = string.Concat(Enumerable.Range(0, 0x3000).Select(code => (char)code)) + "\ufffe\uffff";
        var text = new LeafText().Begin("test/1").Add("all", all).End();
        Assert.Equal(all, JsonDocument.Parse(text.ToString()).RootElement.GetProperty("all").GetString());
    }

    [Fact]
    public void Fields_come_in_their_order() => Assert.Throws<InvalidOperationException>(
        () => new LeafText().Begin("test/1").Add("b", "1").Add("a", "2"));
}
