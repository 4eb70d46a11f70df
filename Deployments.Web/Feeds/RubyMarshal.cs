using System.Text;

namespace Deployments.Web.Feeds;

/// <summary>Writes what Ruby's <c>Marshal.load</c> reads, version 4.8, as far as the indexes of gems need it.</summary>
sealed class RubyMarshal
{
    readonly List<byte> output = [4, 8]; // the version
    readonly Dictionary<string, int> symbols = [];

    /// <summary>What was written.</summary>
    public byte[] ToArray() => [.. output];

    /// <summary><c>nil</c>.</summary>
    public void Nil() => output.Add((byte)'0');

    /// <summary><c>true</c> or <c>false</c>.</summary>
    public void Bool(bool value) => output.Add((byte)(value ? 'T' : 'F'));

    /// <summary>A small whole number.</summary>
    public void Int(int value)
    {
        output.Add((byte)'i');
        Number(value);
    }

    /// <summary>A text; null: <c>nil</c>.</summary>
    public void Text(string? text)
    {
        if (text is null)
        {
            Nil();
            return;
        }

        output.Add((byte)'I');
        output.Add((byte)'"');
        Bytes(Encoding.UTF8.GetBytes(text));
        Number(1);
        Symbol("E"); // UTF-8
        Bool(true);
    }

    /// <summary>A symbol.</summary>
    public void Symbol(string name)
    {
        if (symbols.TryGetValue(name, out var index))
        {
            output.Add((byte)';');
            Number(index);
            return;
        }

        symbols[name] = symbols.Count;
        output.Add((byte)':');
        Bytes(Encoding.UTF8.GetBytes(name));
    }

    /// <summary>A list of as many values, which follow.</summary>
    public void List(int count)
    {
        output.Add((byte)'[');
        Number(count);
    }

    /// <summary>A list of texts.</summary>
    public void Texts(IReadOnlyCollection<string> texts)
    {
        List(texts.Count);
        foreach (var text in texts)
            Text(text);
    }

    /// <summary>An empty map.</summary>
    public void EmptyMap()
    {
        output.Add((byte)'{');
        Number(0);
    }

    /// <summary>An object of as many variables; their names and values follow.</summary>
    public void Object(string type, int variables)
    {
        output.Add((byte)'o');
        Symbol(type);
        Number(variables);
    }

    /// <summary>An object that reads itself from the one value that follows.</summary>
    public void Own(string type)
    {
        output.Add((byte)'U');
        Symbol(type);
    }

    /// <summary>An object that reads itself from bytes.</summary>
    public void Dumped(string type, byte[] bytes)
    {
        output.Add((byte)'u');
        Symbol(type);
        Bytes(bytes);
    }

    void Bytes(byte[] bytes)
    {
        Number(bytes.Length);
        output.AddRange(bytes);
    }

    // Small ones in a byte; others as their length and their bytes, the lowest first.
    void Number(int value)
    {
        switch (value)
        {
            case 0:
                output.Add(0);
                return;
            case > 0 and < 123:
                output.Add((byte)(value + 5));
                return;
        }

        ArgumentOutOfRangeException.ThrowIfNegative(value);
        var length = value <= 0xFF ? 1 : value <= 0xFFFF ? 2 : value <= 0xFFFFFF ? 3 : 4;
        output.Add((byte)length);
        for (var i = 0; i < length; i++)
            output.Add((byte)(value >> (8 * i)));
    }
}
